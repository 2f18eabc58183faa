import type { RunOptions } from '../model.js';
import { checkOptions, type OptionKinds } from '../options/check-options.js';
import { oneOf, SIGNAL, SWITCH } from '../options/option-kinds.js';
import { PRIORITIES } from '../scheduler/priority.js';
import { RUN_RULES } from './run-options.js';

/** For `run`, and the other calls that take some of them. */
export const RUN_KINDS: OptionKinds<keyof RunOptions> = {
  signal: SIGNAL,
  priority: oneOf(PRIORITIES),
  timeoutMs: {
    fits: RUN_RULES.timeoutMs,
    expected: 'milliseconds above 0 (and below 25 days)',
    error: RangeError,
  },
  topK: { fits: RUN_RULES.topK, expected: 'a whole number above 0', error: RangeError },
  transfer: SWITCH,
  terminate: SWITCH,
};

/**
 * Says what is wrong with options that {@link RUN_RULES} refuse.
 *
 * @throws TypeError or RangeError, naming the option, expected and got
 */
export function checkRunOptions(options: RunOptions): void {
  checkOptions('run', options, RUN_KINDS);
}
