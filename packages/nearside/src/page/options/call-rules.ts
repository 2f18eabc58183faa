import { AVAILABLE_BACKENDS, type AvailableBackend } from '../../shared/api/backends.js';
import type { OpenOptions, UpdatePolicy } from '../../shared/api/open-options.js';
import { PRIORITIES } from '../../shared/api/priority.js';
import type { RunOptions } from '../../shared/api/run.js';
import {
  areOptions,
  areReceivers,
  isAddress,
  isBoolean,
  isCount,
  isFunction,
  isPositive,
  isSignal,
  isText,
  type OptionRules,
} from '../../shared/option-rules.js';
import { LONGEST_TIMER_MS } from '../../shared/timers.js';

const POLICY_RULES: OptionRules<keyof UpdatePolicy> = {
  maxBytes: isPositive,
  saveData: isBoolean,
  update: (update: unknown) => update === 'auto' || update === 'manual',
  warmUpMs: isPositive,
  watchdogMs: isPositive,
};

/**
 * Ordinary options pass at once. `check-call-options.ts` looks closely at those that do not: it has words for what is
 * wrong, and some pass there.
 */
export const OPEN_RULES: OptionRules<keyof OpenOptions> = {
  trust: () => true, // looked at when it is parsed
  report: (report: unknown) => areReceivers([report].flat()),
  onProgress: isFunction,
  signal: isSignal,
  backend: (backend: AvailableBackend) => AVAILABLE_BACKENDS.includes(backend),
  tune: (tune: unknown) => tune === 'off' || tune === 'before-open',
  assets: isAddress,
  request: () => false,
  store: (store: unknown) => store === 'auto' || store === 'memory',
  mirrors: () => false,
  policy: (policy: unknown) => areOptions(policy, POLICY_RULES),
  isolate: isBoolean,
  threads: isCount,
  runtime: () => false,
  capture: () => false,
  fallback: isFunction,
  worker: isFunction,
  task: isText,
};

/** `check-call-options.ts` has words for what these refuse. */
export const RUN_RULES: OptionRules<keyof RunOptions> = {
  signal: isSignal,
  priority: (priority: (typeof PRIORITIES)[number]) => PRIORITIES.includes(priority),
  timeoutMs: (timeoutMs: number) => isPositive(timeoutMs) && timeoutMs <= LONGEST_TIMER_MS,
  topK: (topK: number) => Number.isInteger(topK) && topK > 0,
  transfer: isBoolean,
  terminate: isBoolean,
  traceparent: isText,
};
