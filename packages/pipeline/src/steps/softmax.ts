import * as v from 'valibot';
import { defineStep, each } from '../step.js';

/**
 * Logits → probabilities along the last axis: exp(x − max) / Σ exp(x − max), in double, so large
 * logits do not overflow. A row with NaN or +∞ in it, or of −∞ alone, has no probabilities and
 * becomes NaN.
 *
 * @param logits row-major, of any shape whose last axis has `lastAxis` elements
 * @throws RangeError unless `lastAxis` is a positive integer that divides the length
 */
export function softmax(logits: ArrayLike<number>, lastAxis: number): Float64Array<ArrayBuffer> {
  if (!(Number.isSafeInteger(lastAxis) && lastAxis > 0) || logits.length % lastAxis !== 0) {
    throw new RangeError(
      `softmax: expected rows of ${lastAxis} elements, got ${logits.length} in all.`,
    );
  }
  const probabilities = Float64Array.from(logits);
  for (let start = 0; start < probabilities.length; start += lastAxis) {
    const row = probabilities.subarray(start, start + lastAxis);
    let max = Number.NEGATIVE_INFINITY;
    for (const logit of row) max = Math.max(max, logit);
    let sum = 0;
    for (let i = 0; i < lastAxis; i++) {
      const power = Math.exp((row[i] as number) - max);
      row[i] = power;
      sum += power;
    }
    for (let i = 0; i < lastAxis; i++) row[i] = (row[i] as number) / sum;
  }
  return probabilities;
}

/** Logits of one item → its probabilities ({@link softmax}). */
export const softmaxStep = defineStep({
  name: 'softmax',
  parameters: v.strictObject({}),
  takes: 'scores',
  gives: 'scores',
  form: (scores) => scores,
  compile: () => each<'scores', 'scores'>((scores) => softmax(scores, scores.length)),
});
