import type { Datatype, Tolerance } from '@nearside/core';
import { modelInvalid } from '../errors/model-invalid.js';

/** Values that differ by less than this share of the largest count as one value. */
const DIFFERENCE = 0.1;

/** Values that the golden cases of a variant expect of one output. */
export interface ExpectedOutput {
  readonly variant: string;
  readonly output: string;
  readonly datatype: Datatype;
  readonly cases: readonly string[];
  /** The values of each case, all of them finite. */
  readonly values: readonly ArrayLike<number>[];
}

/**
 * Refuses a tolerance under which an output proves nothing, because an answer that needs no model passes in every
 * case. A device takes a number `a` for an expected `b` when |a − b| ≤ abs + rel·|b|. Two such answers are tried.
 *
 * - Zero everywhere, as when a GPU did not compute. It passes if `rel` is 1 or more, or `abs` is as large as every
 * value.
 * - The best single number everywhere. It passes if `abs` is at least half the spread of the values, largest −
 * smallest.
 *
 * If all values are zero, zero is the right answer, and is not refused. If they hardly differ (a single number, a
 * saturated sigmoid), one number is right, and is not refused. The cases then prove little with any tolerance.
 *
 * @throws NearsideError `model-invalid`, naming variant, output and cases
 */
export function checkTolerance({ abs, rel }: Tolerance, expected: ExpectedOutput): void {
  const { datatype, values } = expected;
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
  if (rel >= 1 || abs === Infinity || isZeroPassing) throw tooWide('zero', { abs, rel }, expected);
  const differ = found.largest - found.smallest >= DIFFERENCE * found.size && found.size > 0;
  const isWhole = !datatype.startsWith('FP');
  const isOnePassing = isWhole
    ? Math.ceil(passing.from) <= Math.floor(passing.to)
    : passing.from <= passing.to;
  if (differ && isOnePassing) throw tooWide('one number', { abs, rel }, expected);
}

function tooWide(
  answer: 'zero' | 'one number',
  { abs, rel }: Tolerance,
  { variant, output, cases }: ExpectedOutput,
) {
  return modelInvalid(
    `golden.json, tolerance of '${variant}': expected right values of the output '${output}' to pass ` +
      `and wrong ones to fail, got abs ${abs} and rel ${rel}, with which ${answer} everywhere passes ` +
      `${cases.map((name) => `case '${name}'`).join(', ')}. Make abs smaller. If other outputs have ` +
      'larger values, a rel above 0 allows them more.',
    { variant, output, cases, abs, rel },
  );
}
