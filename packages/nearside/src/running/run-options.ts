import type { RunOptions } from '../model.js';
import { isBoolean, isPositive, isSignal, type OptionRules } from '../options/option-rules.js';
import { PRIORITIES } from '../scheduler/priority.js';
import { LONGEST_TIMER_MS } from '../timing/awake-timer.js';

/** `check-run-options.ts` has words for them. */
export const RUN_RULES: OptionRules<keyof RunOptions> = {
  signal: isSignal,
  priority: (priority: (typeof PRIORITIES)[number]) => PRIORITIES.includes(priority),
  timeoutMs: (timeoutMs: number) => isPositive(timeoutMs) && timeoutMs <= LONGEST_TIMER_MS,
  topK: (topK: number) => Number.isInteger(topK) && topK > 0,
  transfer: isBoolean,
  terminate: isBoolean,
};
