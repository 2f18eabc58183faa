import * as v from 'valibot';
import { parse } from './parse.js';

const CountSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const NumberSchema = v.pipe(v.number(), v.finite());
/** Most bins of a distribution, and most distributions of a baseline. */
export const BINS_LIMIT = 32;
export const DISTRIBUTIONS_LIMIT = 16;

const common = {
  /** The name is unique in the baseline. Feedback is counted by the score named `confidence`. */
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(80)),
  /** The distribution is of how sure the model is, of its outputs, or of its inputs. */
  kind: v.picklist(['score', 'output', 'input']),
  counts: v.pipe(v.array(CountSchema), v.minLength(1), v.maxLength(BINS_LIMIT)),
};

/** How something was distributed over held-out data. */
const DistributionSchema = v.union([
  v.strictObject({
    ...common,
    /** Bin i is [edges[i], edges[i+1]), the last one closed. Values outside count in the outer bins. */
    edges: v.pipe(v.array(NumberSchema), v.minLength(2), v.maxLength(BINS_LIMIT + 1)),
    /** How many of `counts` the model got right, where the samples had labels. */
    correct: v.optional(v.pipe(v.array(CountSchema), v.maxLength(BINS_LIMIT))),
  }),
  v.strictObject({
    ...common,
    /** One bin per label, and one more for all others. */
    labels: v.pipe(v.array(v.string()), v.maxLength(BINS_LIMIT - 1)),
  }),
]);

/** How the model behaved on held-out data when it was released. Drift is measured against it. */
export const BaselineSchema = v.strictObject({
  format: v.literal(2),
  /** Inputs the statistics were taken from. */
  n: CountSchema,
  /** The order is always the same, so that reports can name a distribution by its position. */
  distributions: v.pipe(
    v.array(
      v.pipe(
        DistributionSchema,
        v.check(isWhole, 'edges that grow, a count for each bin, and as many of what was correct'),
      ),
    ),
    v.maxLength(DISTRIBUTIONS_LIMIT),
    v.check(
      (list) => new Set(list.map(({ name }) => name)).size === list.length,
      'distributions of different names',
    ),
  ),
});

export type Baseline = v.InferOutput<typeof BaselineSchema>;
export type Distribution = v.InferOutput<typeof DistributionSchema>;

/** @throws NearsideError `metadata-malformed` */
export function parseBaseline(value: unknown): Baseline {
  return parse(BaselineSchema, value, { code: 'metadata-malformed', what: 'baseline.json' });
}

/** @returns the index of the bin that holds a value: a number where there are edges, else a label */
export function binOf(distribution: Distribution, value: number | string): number {
  if ('labels' in distribution) {
    const index = distribution.labels.indexOf(String(value));
    return index === -1 ? distribution.labels.length : index;
  }
  const { edges } = distribution;
  let bin = 0;
  while (bin < edges.length - 2 && Number(value) >= (edges[bin + 1] as number)) bin += 1;
  return bin;
}

function isWhole(distribution: Distribution): boolean {
  const { counts } = distribution;
  if ('labels' in distribution) {
    const { labels } = distribution;
    return counts.length === labels.length + 1 && new Set(labels).size === labels.length;
  }
  const { edges, correct = [] } = distribution;
  return (
    counts.length === edges.length - 1 &&
    edges.every((edge, i) => i === 0 || edge > (edges[i - 1] as number)) &&
    (correct.length === 0 || correct.length === counts.length)
  );
}
