import {
  bucketsOf,
  bucketUpperBound,
  createHistogram,
  type Histogram,
  merge,
  total,
} from '@nearside/core';
import type { ModelTargets } from '../files/targets.js';
import { sixDigits } from '../statistics/figure.js';
import type { Cell, ModelRange, RollupReads } from '../store/rollup-store.js';
import { readDeviceDays } from './devices-by-version.js';
import type { FleetQuery } from './query.js';
import { isAskedFor, shownGroups } from './shown-groups.js';
import { countUpTo, targetBound } from './target-bound.js';

/** Answer of `GET /v1/fleet/spread`: how long do runs take over time? Groups under the floor are left out. */
export interface FleetSpread extends ModelRange {
  readonly stepMs: number;
  readonly minDevices: number;
  readonly targets: ModelTargets;
  /** Upper ends of the heat map's rows, ms. Each is √2 times the one before. Empty where nothing ran. */
  readonly boundsMs: readonly number[];
  /** Steps with runs, in order of time. */
  readonly steps: readonly SpreadStep[];
}

export interface SpreadStep {
  /** Start of the step. */
  readonly atMs: number;
  /** Good results are within the target for P95, fair ones within that for P99, and poor ones beyond. */
  readonly good: number;
  readonly fair: number;
  readonly poor: number;
  readonly failed: number;
  /** Results by row of the heat map, as many as `boundsMs`. */
  readonly counts: readonly number[];
}

/** Four buckets of latency are a row. At scale 1 each bound is √2 times the one before. */
const ROW_SCALE = 1;
const UP_TO_1_MS = -1;
const SHOWN = 'shown';
const HIDDEN = 'hidden';

export async function fleetSpread(
  store: RollupReads,
  query: FleetQuery,
  { targets, minDevices }: { targets: ModelTargets; minDevices: number },
): Promise<FleetSpread> {
  const { model, fromMs, toMs, stepMs } = query;
  const groups = await store.sums({ model, fromMs, toMs, histograms: [] });
  const days = await readDeviceDays(store, query);
  const isLarge = shownGroups({ groups, days }, minDevices);
  const cells = await store.cells({
    model,
    fromMs,
    toMs,
    stepMs,
    partOf: (group) => (isAskedFor(query, group) && isLarge(group) ? SHOWN : HIDDEN),
  });
  const shown = cells.filter(({ part, ok, failed }) => part === SHOWN && ok + failed > 0);
  const folded = shown.map(({ duration }) => rowsOf(duration));
  const rows = rowRange(folded);
  return {
    model,
    fromMs,
    toMs,
    stepMs,
    minDevices,
    targets,
    boundsMs: rows.map((row) => sixDigits(bucketUpperBound(row, ROW_SCALE))),
    steps: shown.map((cell, i) => ({
      atMs: cell.slotMs,
      ...bands(cell, targets),
      counts: countsIn(folded[i] ?? createHistogram(ROW_SCALE), rows),
    })),
  };
}

function rowsOf(duration: Histogram): Histogram {
  const rows = createHistogram(ROW_SCALE);
  merge(rows, duration);
  return rows;
}

/** Returns the indices of all rows from the first to the last with runs. */
function rowRange(steps: readonly Histogram[]): number[] {
  const seen = new Set<number>();
  for (const rows of steps) for (const [row] of bucketsOf(rows)) seen.add(row);
  if (seen.size === 0) return steps.some(({ zeros }) => zeros > 0) ? [UP_TO_1_MS] : [];
  const [first, last] = [Math.min(...seen), Math.max(...seen)];
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

function countsIn(histogram: Histogram, rows: readonly number[]): number[] {
  const counts = new Map(bucketsOf(histogram));
  // runs that took no time are in the lowest row
  return rows.map((row, i) => (counts.get(row) ?? 0) + (i === 0 ? histogram.zeros : 0));
}

function bands(
  { duration, failed }: Cell,
  { p95Ms, p99Ms }: ModelTargets,
): Pick<SpreadStep, 'good' | 'fair' | 'poor' | 'failed'> {
  const good = countUpTo(duration, targetBound(p95Ms).index);
  const tolerable = Math.max(good, countUpTo(duration, targetBound(p99Ms).index));
  return { good, fair: tolerable - good, poor: total(duration) - tolerable, failed };
}
