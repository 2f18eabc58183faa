import * as v from 'valibot';
import { observeScores, requireNumbers } from '../observe-scores.js';
import { defineStep, each, Misfit } from '../step.js';
import { IdToLabelSchema, requireLabels } from './id-to-label.js';
import { type LabelScore, topK } from './top-k.js';

export interface DecideOptions {
  /** Index of the label that the threshold is for. */
  readonly positive: number;
  /** From this score on it is decided for. */
  readonly threshold: number;
  readonly id2label: Readonly<Record<string, string>>;
}

/**
 * Scores → all labels with their scores, the decision first: the positive one from its threshold on, else the best
 * of the others.
 */
export function decide(
  scores: Float64Array<ArrayBuffer>,
  { positive, threshold, id2label }: DecideOptions,
): LabelScore[] {
  const labels = topK(scores, scores.length, id2label);
  const label = id2label[positive] ?? String(positive);
  const isPositive = (scores[positive] as number) >= threshold;
  const first = labels.find((one) => (one.label === label) === isPositive) as LabelScore;
  return [first, ...labels.filter((one) => one !== first)];
}

/** One score alone is the positive one's of two. */
function bothOf(scores: Float64Array<ArrayBuffer>, positive: number): Float64Array<ArrayBuffer> {
  const [only] = scores;
  if (scores.length !== 1 || only === undefined) return scores;
  return positive === 1 ? Float64Array.of(1 - only, only) : Float64Array.of(only, 1 - only);
}

/** {@link decide}, as a step. */
export const decideStep = defineStep({
  name: 'decide',
  parameters: v.strictObject({
    threshold: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
    positive: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 1),
    id2label: IdToLabelSchema,
  }),
  takes: 'scores',
  gives: 'output',
  form({ classes }, { positive, id2label }) {
    requireLabels(id2label, classes === 1 ? 2 : classes);
    if (Object.hasOwn(id2label, positive)) return {};
    throw new Misfit(`a label for the positive class ${positive}`, 'none');
  },
  compile: (options) =>
    each<'scores', 'output'>((given, call) => {
      const scores = bothOf(given, options.positive);
      requireNumbers(scores, Object.keys(options.id2label).length);
      const labels = decide(scores, options);
      observeScores(scores, labels[0], call);
      return labels;
    }),
});
