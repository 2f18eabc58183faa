import * as v from 'valibot';
import { parse } from './parse.js';

const CountSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** What the model did on held-out data when it was released: the reference that drift is against. */
export const BaselineSchema = v.strictObject({
  format: v.literal(1),
  /** Inputs the statistics were taken from. */
  n: CountSchema,
  /** Top score; bin i is [edges[i], edges[i+1]), the last bin closed. `correct` of `counts`. */
  confidence: v.strictObject({
    edges: v.array(v.number()),
    counts: v.array(CountSchema),
    correct: v.array(CountSchema),
  }),
  /** Entropy of the scores, in nats. */
  entropy: v.strictObject({ edges: v.array(v.number()), counts: v.array(CountSchema) }),
  /** Predicted labels. */
  classes: v.record(v.string(), CountSchema),
});

export type Baseline = v.InferOutput<typeof BaselineSchema>;

/** @throws NearsideError `metadata-malformed` */
export function parseBaseline(value: unknown): Baseline {
  return parse(BaselineSchema, value, { code: 'metadata-malformed', what: 'baseline.json' });
}

/** Index of the bin of `edges` that holds `value`; values outside go to the first or last bin. */
export function binIndex(value: number, edges: readonly number[]): number {
  let bin = 0;
  while (bin < edges.length - 2 && value >= (edges[bin + 1] ?? Number.POSITIVE_INFINITY)) bin += 1;
  return bin;
}
