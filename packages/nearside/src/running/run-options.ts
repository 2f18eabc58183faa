import type { RunOptions } from '../model.js';
import { PRIORITIES } from '../scheduler/priority.js';

/** Longest delay that a browser's timer keeps, ms: 2^31 − 1, some 25 days. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

const isBoolean = (value: unknown) => typeof value === 'boolean';

const RULES: Readonly<Record<keyof RunOptions, (value: never) => boolean>> = {
  signal: (signal: unknown) => signal instanceof AbortSignal,
  priority: (priority: (typeof PRIORITIES)[number]) => PRIORITIES.includes(priority),
  timeoutMs: isDuration,
  topK: (topK: number) => Number.isInteger(topK) && topK > 0,
  transfer: isBoolean,
  terminate: isBoolean,
};

/** Whether all options are there and of their kind; `check-run-options.ts` has words for it. */
export function areRunOptions(options: unknown): options is RunOptions {
  return (
    typeof options === 'object' &&
    options !== null &&
    Object.entries(options).every(([name, value]) => {
      if (!Object.hasOwn(RULES, name)) return false;
      return value === undefined || RULES[name as keyof RunOptions](value as never);
    })
  );
}

export function isDuration(timeoutMs: unknown): boolean {
  return typeof timeoutMs === 'number' && timeoutMs > 0 && timeoutMs <= LONGEST_TIMEOUT_MS;
}
