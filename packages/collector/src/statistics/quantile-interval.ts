import { bucketsOf, bucketUpperBound, type Histogram, total } from '@nearside/core';

/** Returns the bucket that holds a quantile, by nearest rank. */
export function bucketOf(histogram: Histogram, q: number): number {
  const rank = Math.max(1, Math.ceil(q * total(histogram)));
  let seen = histogram.zeros;
  let last = histogram.first;
  for (const [index, n] of bucketsOf(histogram)) {
    last = index;
    seen += n;
    if (seen >= rank) return index;
  }
  return last;
}

/**
 * Returns the quantiles at both ends of the interval of a quantile's share (Woodruff 1952). They go to the outer bounds
 * of the buckets, so that the sketch's own error is in it.
 *
 * @param radius half the width of the share's interval, 0 … 1
 */
export function quantileInterval(
  histogram: Histogram,
  { q, radius, scale }: { q: number; radius: number; scale: number },
): { low: number; high: number } {
  return {
    low: bucketUpperBound(bucketOf(histogram, Math.max(0, q - radius)) - 1, scale),
    high: bucketUpperBound(bucketOf(histogram, Math.min(1, q + radius)), scale),
  };
}
