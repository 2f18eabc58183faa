import type { Tolerance } from './golden.js';
import type { Datatype } from './tensor.js';

/** Values that differ by less than this share of the largest count as one value. */
const DIFFERENCE = 0.1;

/** The values that golden cases expect of one output. */
export interface ExpectedValues {
  readonly datatype: Datatype;
  /** The values of each case, all of them finite. */
  readonly values: readonly ArrayLike<number>[];
}

/**
 * Finds an answer that needs no model and passes in every case, so that the output proves nothing. A device takes a
 * number `a` for an expected `b` when |a − b| ≤ abs + rel·|b|. Two such answers are tried.
 *
 * - Zero everywhere, as when a GPU did not compute. It passes if `rel` is 1 or more, or `abs` is as large as every
 * value.
 * - The best single number everywhere. It passes if `abs` is at least half the spread of the values, largest −
 * smallest.
 *
 * If all values are zero, zero is the right answer, and is not told. If they hardly differ (a single number, a
 * saturated sigmoid), one number is right, and is not told. The cases then prove little with any tolerance.
 */
export function trivialAnswer(
  { abs, rel }: Tolerance,
  { datatype, values }: ExpectedValues,
): 'zero' | 'one number' | undefined {
  const found = { smallest: Infinity, largest: -Infinity, size: 0 };
  // Numbers between these two are within the tolerance of every value.
  const passing = { from: -Infinity, to: Infinity };
  for (const tensor of values) {
    for (let i = 0; i < tensor.length; i += 1) {
      const value = tensor[i] as number;
      const allowed = abs + rel * Math.abs(value);
      found.smallest = Math.min(found.smallest, value);
      found.largest = Math.max(found.largest, value);
      found.size = Math.max(found.size, Math.abs(value));
      passing.from = Math.max(passing.from, value - allowed);
      passing.to = Math.min(passing.to, value + allowed);
    }
  }
  const isZeroPassing = found.size > 0 && passing.from <= 0 && passing.to >= 0;
  if (rel >= 1 || abs === Infinity || isZeroPassing) return 'zero';
  const differ = found.largest - found.smallest >= DIFFERENCE * found.size && found.size > 0;
  const isWhole = !datatype.startsWith('FP');
  const isOnePassing = isWhole
    ? Math.ceil(passing.from) <= Math.floor(passing.to)
    : passing.from <= passing.to;
  return differ && isOnePassing ? 'one number' : undefined;
}
