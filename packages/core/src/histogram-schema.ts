import * as v from 'valibot';

/**
 * The wire form: scale, zeros, sum, index of the first bucket, then counts of consecutive
 * buckets. About 150 bytes of JSON for a day's latencies at scale 3.
 */
export const HistogramSchema = v.strictObject({
  s: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(6)),
  z: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  sum: v.pipe(v.number(), v.finite(), v.minValue(0)),
  o: v.pipe(v.number(), v.integer(), v.minValue(-2048), v.maxValue(2048)),
  c: v.pipe(v.array(v.pipe(v.number(), v.safeInteger(), v.minValue(0))), v.maxLength(512)),
});

export type HistogramJson = v.InferOutput<typeof HistogramSchema>;
