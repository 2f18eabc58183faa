import { NearsideError } from '@nearside/core';
import * as v from 'valibot';
import { defineStep, each, Misfit } from '../step.js';

/** A class and how much the model favours it: a probability where the spec has a softmax step. */
export interface LabelScore {
  readonly label: string;
  readonly score: number;
}

/**
 * The `k` largest scores with their labels, largest first; all of them if there are fewer. Equal
 * scores stand by index, NaN after every number. An index that `id2label` leaves out is its own
 * label.
 *
 * @throws RangeError unless `k` is a positive integer
 */
export function topK(
  scores: ArrayLike<number>,
  k: number,
  id2label: Readonly<Record<string, string>>,
): LabelScore[] {
  if (!(Number.isSafeInteger(k) && k > 0)) {
    throw new RangeError(`topK: expected a positive integer, got ${k}.`);
  }
  const indices = Array.from({ length: scores.length }, (_, index) => index);
  indices.sort((a, b) => descending(scores[a] as number, scores[b] as number) || a - b);
  return indices
    .slice(0, k)
    .map((index) => ({ label: id2label[index] ?? String(index), score: scores[index] as number }));
}

function descending(a: number, b: number): number {
  if (a > b) return -1;
  if (a < b) return 1;
  return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
}

/** The `top_k` largest scores with their labels, sorted ({@link topK}). */
export const topKStep = defineStep({
  name: 'top-k',
  parameters: v.strictObject({
    top_k: v.pipe(v.number(), v.integer(), v.minValue(1)),
    id2label: v.record(v.pipe(v.string(), v.regex(/^\d+$/)), v.string()),
  }),
  takes: 'scores',
  gives: 'output',
  form({ classes }, { id2label }) {
    const labels = Object.keys(id2label);
    const isWhole = labels.every((index) => Number(index) < labels.length);
    if (classes === undefined || (isWhole && labels.length === classes)) return {};
    throw new Misfit(
      `a label in id2label for each of ${classes} classes, 0 to ${classes - 1}`,
      `${labels.length}: ${labels.slice(0, 12).join(', ')}${labels.length > 12 ? ', …' : ''}`,
    );
  },
  prepare: ({ top_k, id2label }) =>
    each<'scores', 'output'>((scores, call) => {
      requireNumbers(scores);
      const labels = topK(scores, call.topK ?? top_k, id2label);
      const [best] = labels;
      if (best) {
        call.observe('confidence', best.score);
        call.observe('entropy', entropyOf(scores));
        call.observe('class', best.label);
      }
      return labels;
    }),
});

function requireNumbers(scores: Float64Array): void {
  const index = scores.findIndex(Number.isNaN);
  if (index === -1) return;
  throw new NearsideError(
    'backend-failed',
    `The model's score for class ${index} is not a number. The same input may work on another backend.`,
    { details: { index } },
  );
}

/** In nats; 0 · log 0 is 0. */
function entropyOf(probabilities: Float64Array): number {
  return probabilities.reduce((sum, p) => (p > 0 ? sum - p * Math.log(p) : sum), 0);
}
