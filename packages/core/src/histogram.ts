import type { HistogramJson } from './histogram-schema.js';

/**
 * An exponential histogram of non-negative values at a fixed scale, as OpenTelemetry defines it
 * (metrics data model, "ExponentialHistogram"): bucket i holds (base^i, base^(i+1)] with
 * base = 2^(2^−scale). A quantile is off by at most (base − 1) / (base + 1): ±4.33 % at scale 3,
 * ±8.6 % at scale 2. Merging adds counts, so order does not matter.
 */
export interface Histogram {
  readonly scale: number;
  /** Values of exactly zero, or too small to matter (below {@link SMALLEST}). */
  zeros: number;
  /** Sum of all values, in their unit. */
  sum: number;
  /** Counts by bucket index; sparse. */
  readonly buckets: Map<number, number>;
}

/** 2^−20: below a nanosecond where the unit is a millisecond. */
export const SMALLEST = 2 ** -20;
/** 2^32: seven weeks where the unit is a millisecond. Larger values count as this. */
export const LARGEST = 2 ** 32;

export function createHistogram(scale: number): Histogram {
  return { scale, zeros: 0, sum: 0, buckets: new Map() };
}

/** Index of the bucket that holds `value`, for SMALLEST ≤ value. */
export function bucketIndex(value: number, scale: number): number {
  const exact = Math.log2(Math.min(value, LARGEST)) * 2 ** scale;
  return Math.ceil(exact) - 1;
}

/** Upper bound (inclusive) of bucket `index`. */
export function bucketUpperBound(index: number, scale: number): number {
  return 2 ** ((index + 1) / 2 ** scale);
}

/** Counts `value`. Negative and not-a-number values are refused: they are a caller's bug. */
export function record(histogram: Histogram, value: number): void {
  if (!(value >= 0)) throw new RangeError(`histogram: expected a value ≥ 0, got ${value}`);
  if (value < SMALLEST) {
    histogram.zeros += 1;
    return;
  }
  const index = bucketIndex(value, histogram.scale);
  histogram.buckets.set(index, (histogram.buckets.get(index) ?? 0) + 1);
  histogram.sum += Math.min(value, LARGEST);
}

/** Adds `other` into `histogram`; a finer `other` is folded down first. */
export function merge(histogram: Histogram, other: Histogram): void {
  const fold = 2 ** (other.scale - histogram.scale);
  if (fold < 1) {
    throw new RangeError(`histogram: cannot merge scale ${other.scale} into ${histogram.scale}`);
  }
  histogram.zeros += other.zeros;
  histogram.sum += other.sum;
  for (const [index, count] of other.buckets) {
    const folded = Math.floor(index / fold);
    histogram.buckets.set(folded, (histogram.buckets.get(folded) ?? 0) + count);
  }
}

/** Number of values counted. */
export function total(histogram: Histogram): number {
  let count = histogram.zeros;
  for (const n of histogram.buckets.values()) count += n;
  return count;
}

/**
 * The value below which a share `q` of all values lies (nearest rank), as the harmonic centre of
 * its bucket: 2·lower·upper / (lower + upper), which bounds the relative error on both sides.
 * `undefined` when nothing was counted.
 */
export function quantile(histogram: Histogram, q: number): number | undefined {
  const count = total(histogram);
  if (count === 0) return undefined;
  const rank = Math.max(1, Math.ceil(q * count));
  let seen = histogram.zeros;
  if (rank <= seen) return 0;
  for (const index of [...histogram.buckets.keys()].sort((a, b) => a - b)) {
    seen += histogram.buckets.get(index) ?? 0;
    if (seen >= rank) {
      const lower = bucketUpperBound(index - 1, histogram.scale);
      const upper = bucketUpperBound(index, histogram.scale);
      return (2 * lower * upper) / (lower + upper);
    }
  }
  return undefined;
}

export function histogramToJson(histogram: Histogram): HistogramJson {
  const indices = [...histogram.buckets.keys()].sort((a, b) => a - b);
  const first = indices[0] ?? 0;
  const last = indices.at(-1) ?? -1;
  return {
    s: histogram.scale,
    z: histogram.zeros,
    sum: Number(histogram.sum.toPrecision(6)),
    o: first,
    c: Array.from({ length: last - first + 1 }, (_, i) => histogram.buckets.get(first + i) ?? 0),
  };
}

export function histogramFromJson(json: HistogramJson): Histogram {
  const buckets = new Map<number, number>();
  json.c.forEach((count, i) => {
    if (count > 0) buckets.set(json.o + i, count);
  });
  return { scale: json.s, zeros: json.z, sum: json.sum, buckets };
}
