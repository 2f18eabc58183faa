import { createHistogram, quantile, record } from '@nearside/core';
import type { Lifetime } from './lifetime.js';

/**
 * Has `stats()` know how long runs take, from now on and over all versions of an open model.
 *
 * @returns what takes down one run: from its call to its result, ms
 */
export function keepLatency(lifetime: Lifetime): (totalMs: number) => void {
  lifetime.latency ??= createHistogram(3);
  const histogram = lifetime.latency;
  lifetime.latencyMs = () => ({
    p50: quantile(histogram, 0.5),
    p95: quantile(histogram, 0.95),
    p99: quantile(histogram, 0.99),
  });
  return (totalMs) => record(histogram, Math.max(0, totalMs));
}
