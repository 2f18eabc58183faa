import { bucketsOf, HISTOGRAM_SCALES, type Histogram } from '@nearside/core';

/** Share of results that a target for P95 asks for. */
export const WITHIN_P95 = 0.95;

/** Finds the bucket bound 2^(k/8) ms nearest to a target, and the last bucket under it. Counts up to it are exact. */
export function targetBound(targetMs: number): { index: number; ms: number } {
  const perOctave = 2 ** HISTOGRAM_SCALES['latency.total'];
  const exact = Math.log2(targetMs) * perOctave;
  const candidates = [Math.floor(exact), Math.ceil(exact)].map((k) => ({
    index: k - 1,
    ms: 2 ** (k / perOctave),
  }));
  candidates.sort((a, b) => Math.abs(a.ms - targetMs) - Math.abs(b.ms - targetMs));
  return candidates[0] as { index: number; ms: number };
}

/** Counts values up to the upper bound of a bucket. */
export function countUpTo(histogram: Histogram, last: number): number {
  let count = histogram.zeros;
  for (const [index, n] of bucketsOf(histogram)) if (index <= last) count += n;
  return count;
}
