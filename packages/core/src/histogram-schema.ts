import * as v from 'valibot';

/** More values than any device has in a window. */
const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(1e7));

/**
 * The wire form: scale, zeros, sum, index of the first bucket, then counts of consecutive
 * buckets. About 150 bytes of JSON for a day's latencies at scale 3.
 */
export const HistogramSchema = v.strictObject({
  s: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(6)),
  z: Count,
  sum: v.pipe(v.number(), v.finite(), v.minValue(0)),
  o: v.pipe(v.number(), v.integer(), v.minValue(-2048), v.maxValue(2048)),
  c: v.pipe(v.array(Count), v.maxLength(512)),
});

export type HistogramJson = v.InferOutput<typeof HistogramSchema>;
