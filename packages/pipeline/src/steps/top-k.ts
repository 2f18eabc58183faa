import * as v from 'valibot';
import { observeScores, requireNumbers } from '../observe-scores.js';
import { defineStep, each } from '../step.js';
import { IdToLabelSchema, requireLabels } from './id-to-label.js';

/** A class and how much the model favours it: a probability where the spec has a softmax step. */
export interface LabelScore<Label extends string = string> {
  readonly label: Label;
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
    id2label: IdToLabelSchema,
  }),
  takes: 'scores',
  gives: 'output',
  form({ classes }, { id2label }) {
    requireLabels(id2label, classes);
    return {};
  },
  compile: ({ top_k, id2label }) =>
    each<'scores', 'output'>((scores, call) => {
      requireNumbers(scores, Object.keys(id2label).length);
      const labels = topK(scores, call.topK ?? top_k, id2label);
      observeScores(scores, labels[0], call);
      return labels;
    }),
});
