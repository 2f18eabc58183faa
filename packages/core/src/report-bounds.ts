import { bucketUpperBound, countOf, type HistogramJson } from './histogram.js';
import type { Report } from './report.js';
import { MAX_COUNT, MOST_WORKERS, REPORT_LIMITS } from './report-format.js';
import { sum } from './sum.js';

/** No device has more calls of `run` or `outcome`, or feedback that finds no run, in a second. */
const CALLS = 10_000;
/** No device opens a model, wakes it from rest, tries a version, or runs a shadow, more often in a second. */
const LOADS = 10;
/** An opening before the window fetches no more than a wasm memory holds, bytes; then 1 Gbit a second. */
const [OPENING_BYTES, BYTES] = [2 ** 32, 1.25e8];
/** A run that takes longer has slept, ms. */
const LONGEST_RUN_MS = 86_400_000;

/** A field of a report, what it says, and the most that a device can do in the report's window. */
export type Excess = readonly [path: string, got: number, most: number];

/** Lists what no device can have done: the device leaves it out, the collector refuses it. */
export function excessesOf(report: Report): Excess[] {
  const { dt, health, latency, opens, score, stream, feedback, outcomes, shadow } = report;
  const { ok, errors, invalid, aborted, fallbacks } = health;
  const series = [score, stream].map(
    (of) => of && [of.ok, of.failed, 'dropped' in of && of.dropped],
  );
  const seconds = Math.ceil((dt + 1000) / 1000);
  const calls = Math.min(MAX_COUNT, CALLS * seconds);
  const runs = ok + (score?.ok ?? 0) + (stream?.ok ?? 0);
  // A run that ended in the window may have begun before it, in each worker. Its time is in the one from call to result.
  const runMs = Math.max(...[latency?.total, score?.duration, stream?.duration].map(largestOf));
  const busyMs = (dt + Math.min(LONGEST_RUN_MS, runMs) + 1000) * MOST_WORKERS;
  const labels = feedback?.byAge.map(({ bins, values }) => [bins?.map(([n]) => n), values?.[0]]);
  const all: Excess[] = [
    ['health', addUp([ok, errors, invalid, aborted, fallbacks, series]), calls],
    ['health.bytesFetched', health.bytesFetched ?? 0, OPENING_BYTES + BYTES * seconds],
    ['opens', (opens?.tried ?? 0) + countOf(opens?.rest), LOADS * seconds],
    ['updates', addUp(report.updates), LOADS * seconds],
    ['resource.busyMs', report.resource?.busyMs ?? 0, busyMs],
    ['feedback', addUp(labels), REPORT_LIMITS.rememberedRuns + runs],
    ['feedback.unmatched', feedback?.unmatched ?? 0, calls],
    ['shadow', shadow?.n ?? 0, LOADS * seconds],
    ['outcomes', addUp(Object.values(outcomes ?? {}).map(([n]) => n)), calls],
  ];
  return all.filter(([, got, most]) => got > most);
}

/** Adds up all numbers in a value. */
function addUp(value: unknown): number {
  if (typeof value === 'number') return value;
  return value && typeof value === 'object' ? sum(Object.values(value).map(addUp)) : 0;
}

function largestOf(histogram: HistogramJson | undefined): number {
  return histogram ? bucketUpperBound(histogram.o + histogram.c.length - 1, histogram.s) : 0;
}
