import type { RunOptions } from '../model.js';
import { PRIORITIES } from '../scheduler/priority.js';
import { requireKnownOptions } from './require-known-options.js';
import { isDuration } from './run-options.js';

const KNOWN: readonly string[] = [
  'signal',
  'priority',
  'timeoutMs',
  'topK',
  'transfer',
  'terminate',
];

/**
 * Says what is wrong with options that {@link areRunOptions} refuses.
 *
 * @param call that was given them, of those that take some of these options
 * @throws TypeError or RangeError, naming the option, expected and got
 */
export function checkRunOptions(options: RunOptions, call = 'run'): void {
  requireKnownOptions(call, options, KNOWN);
  const wrong = (option: string, expected: string, got: unknown) =>
    new RangeError(`${call}: expected \`${option}\` to be ${expected}; got ${String(got)}`);
  const { signal, priority, timeoutMs, topK } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new TypeError(`${call}: expected \`signal\` to be an AbortSignal; got ${typeof signal}`);
  }
  for (const name of ['transfer', 'terminate'] as const) {
    const value = options[name];
    if (value === undefined || typeof value === 'boolean') continue;
    throw new TypeError(`${call}: expected \`${name}\` to be true or false; got ${String(value)}`);
  }
  if (priority !== undefined && !PRIORITIES.includes(priority)) {
    throw wrong('priority', `one of ${PRIORITIES.join(', ')}`, priority);
  }
  if (timeoutMs !== undefined && !isDuration(timeoutMs)) {
    throw wrong('timeoutMs', 'milliseconds above 0 (and below 25 days)', timeoutMs);
  }
  if (topK !== undefined && !(Number.isInteger(topK) && topK > 0)) {
    throw wrong('topK', 'a whole number above 0', topK);
  }
}
