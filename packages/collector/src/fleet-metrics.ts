import { type Histogram, total } from '@nearside/core';
import { type MetricFamily, prometheusText, type Sample, valueText } from './prometheus-text.js';
import { HISTOGRAM_SCALES } from './report-histograms.js';
import type { Totals } from './rollup-store.js';

/**
 * Bounds of the classic histogram: 2^k ms for k = −3 … 15, 0.125 ms to 32.768 s. Powers of two
 * are bounds of the exponential histogram too, so folding moves no value over a bound.
 */
const BOUND_EXPONENTS = Array.from({ length: 19 }, (_, i) => i - 3);

/** What the fleet counted since the store was made: cumulative, the same on every replica. */
export function fleetMetrics(totals: readonly Totals[]): string {
  return prometheusText([
    {
      name: 'nearside_inferences_total',
      help: 'Inferences reported by devices, by how they ended.',
      type: 'counter',
      samples: totals.flatMap(inferences),
    },
    {
      name: 'nearside_inference_errors_total',
      help: 'Failed inferences reported by devices, by error code.',
      type: 'counter',
      samples: totals.flatMap((row) =>
        [...row.errors].map(([code, value]) => ({ labels: { ...labelsOf(row), code }, value })),
      ),
    },
    {
      name: 'nearside_inference_duration_seconds',
      help: 'Time from call to result on the device.',
      type: 'histogram',
      samples: totals.flatMap((row) => classicHistogram(row.duration, labelsOf(row))),
    },
    {
      name: 'nearside_reporting_devices_total',
      help: 'Devices that reported, counted once per UTC day and version.',
      type: 'counter',
      samples: totals.map((row) => ({ labels: labelsOf(row), value: row.deviceDays })),
    },
  ] satisfies MetricFamily[]);
}

function labelsOf({ model, version, variant, backend }: Totals) {
  return { model, version, variant, backend };
}

function inferences(row: Totals): Sample[] {
  const failed = [...row.errors.values()].reduce((sum, n) => sum + n, 0);
  const outcomes = { ok: row.ok, error: failed, aborted: row.aborted, invalid: row.invalid };
  return Object.entries(outcomes).map(([outcome, value]) => ({
    labels: { ...labelsOf(row), outcome },
    value,
  }));
}

function classicHistogram(histogram: Histogram, labels: Record<string, string>): Sample[] {
  const count = total(histogram);
  const buckets = BOUND_EXPONENTS.map((exponent) => ({
    suffix: '_bucket',
    labels: { ...labels, le: valueText(2 ** exponent / 1000) },
    value: countUpTo(histogram, exponent),
  }));
  return [
    ...buckets,
    { suffix: '_bucket', labels: { ...labels, le: '+Inf' }, value: count },
    { suffix: '_sum', labels, value: histogram.sum / 1000 },
    { suffix: '_count', labels, value: count },
  ];
}

/** Values ≤ 2^exponent ms: bucket i of scale s ends at 2^((i + 1) / 2^s). */
function countUpTo({ buckets, zeros }: Histogram, exponent: number): number {
  const last = exponent * 2 ** HISTOGRAM_SCALES.total - 1;
  let count = zeros;
  for (const [index, n] of buckets) if (index <= last) count += n;
  return count;
}
