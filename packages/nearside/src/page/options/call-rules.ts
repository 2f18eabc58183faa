import { LARGEST_VALUE } from '@nearside/core';
import { AVAILABLE_BACKENDS, type AvailableBackend } from '../../shared/api/backends.js';
import type { Truth } from '../../shared/api/model.js';
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

/** @throws TypeError unless feedback says one thing, and of its kind */
export function checkTruth(truth: Truth): void {
  const { label, correct, value } = { ...truth } as Record<string, unknown>;
  if (typeof label === 'string' || typeof correct === 'boolean' || Number.isFinite(value)) return;
  throw new TypeError('feedback: expected { label }, { correct } or { value }');
}

/** @throws TypeError for a name or a value that `outcome` does not take */
export function checkOutcome(name: string, value: number): void {
  const isName = typeof name === 'string' && name.length > 0 && name.length <= 64;
  if (isName && Math.abs(value) <= LARGEST_VALUE) return;
  throw new TypeError('outcome: expected a name of 1 to 64 characters, and a number up to 1e11');
}
