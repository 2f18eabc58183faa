import { COHORTS, createHistogram, HISTOGRAM_SCALES, type Histogram, merge } from '@nearside/core';
import { latencyOf } from '../counting/counts.js';
import { DAY_MS, HOUR_MS, utcDay } from '../counting/time.js';
import type { BinCounts } from '../statistics/bins.js';
import type { RatioSums } from '../statistics/cohort-ratio.js';
import type { CohortQuery, CohortRow, RollupReads } from '../store/rollup-store.js';
import { onBusiestDay } from './devices-by-version.js';
import { addBins } from './observed-bins.js';

/** Reads the rows of these hours by cohort, in any order. */
export type ReadHours = (hours: readonly number[]) => Promise<CohortRow[]>;

/** Reads each hour once, however often it is asked for. It keeps only the counts that drift needs. */
export function readCohortHours(
  store: Pick<RollupReads, 'cohorts'>,
  { model, version }: { model: string; version: string },
): ReadHours {
  const known = new Map<number, Promise<CohortRow[]>>();

  function hour(fromMs: number): Promise<CohortRow[]> {
    const found = known.get(fromMs);
    if (found) return found;
    const rows = store.cohorts({ model, version, fromMs, toMs: fromMs + HOUR_MS });
    const kept = rows.then((list) => list.map(withDriftAlone));
    known.set(fromMs, kept);
    return kept;
  }

  return async (hours) => (await Promise.all(hours.map(hour))).flat();
}

function withDriftAlone({ counts: { parts, firsts }, ...row }: CohortRow): CohortRow {
  return { ...row, counts: { ...(parts && { parts }), ...(firsts && { firsts }) } };
}

export function hoursOf(fromMs: number, toMs: number): number[] {
  const first = Math.ceil(fromMs / HOUR_MS);
  const last = Math.ceil(toMs / HOUR_MS);
  return Array.from({ length: Math.max(0, last - first) }, (_, i) => (first + i) * HOUR_MS);
}

/** Makes one value for each cohort from its rows. */
export function byCohort<Value>(
  rows: readonly CohortRow[],
  value: (rows: readonly CohortRow[]) => Value,
): Value[] {
  const cohorts = Array.from({ length: COHORTS }, (): CohortRow[] => []);
  for (const row of rows) cohorts[row.cohort]?.push(row);
  return cohorts.map(value);
}

/** Adds up call → result for each cohort. */
export function latencyByCohort(rows: readonly CohortRow[]): Histogram[] {
  return byCohort(rows, (own) => {
    const histogram = createHistogram(HISTOGRAM_SCALES['latency.total']);
    for (const { counts } of own) merge(histogram, latencyOf(counts));
    return histogram;
  });
}

/** Adds up parts and wholes for each cohort. */
export function ratioByCohort(
  rows: readonly CohortRow[],
  sums: (row: CohortRow) => RatioSums,
): RatioSums[] {
  return byCohort(rows, (own) => {
    let [part, whole] = [0, 0];
    for (const row of own) {
      const found = sums(row);
      part += found.part;
      whole += found.whole;
    }
    return { part, whole };
  });
}

/** Names a distribution of a baseline. */
export interface WhichBins {
  /** Hash of the baseline. */
  readonly baseline: string;
  readonly position: number;
  readonly bins: number;
}

/** Adds up the observations of one distribution by bin, for each cohort. */
export function binsByCohort(rows: readonly CohortRow[], which: WhichBins): BinCounts[] {
  return byCohort(rows, (own) => binsIn(own, which));
}

/** Adds up the observations of one distribution by bin. */
export function binsIn(
  rows: readonly CohortRow[],
  { baseline, position, bins }: WhichBins,
): BinCounts {
  const sums = new Array<number>(bins).fill(0);
  for (const { counts } of rows) {
    for (const { drift } of Object.values(counts.parts ?? {})) {
      addBins(sums, drift?.[baseline]?.[position]);
    }
  }
  return sums;
}

/** Counts devices that had not reported before: in this hour or on this day, on this version or arm. */
export function firstsIn(rows: readonly CohortRow[], name: string): number {
  return rows.reduce((sum, { counts }) => sum + (counts.firsts?.[name] ?? 0), 0);
}

/** Counts installs with a side of a rollout on the busiest UTC day. A day with reports has one at least. */
export function devicesOnBusiestDay(rows: readonly CohortRow[]): number {
  const days = rows.map(({ hourMs, counts }) => ({
    day: utcDay(hourMs),
    devices: counts.firsts?.['arm-day'] ?? 0,
  }));
  return Math.max(rows.length > 0 ? 1 : 0, onBusiestDay(days));
}

/**
 * Reads the rows of a range, one for each UTC day, unit and cohort. A month takes a while, so it reads a day at a time,
 * and other questions are answered between.
 */
export async function readCohortDays(
  store: Pick<RollupReads, 'cohortDays'>,
  query: CohortQuery,
): Promise<CohortRow[]> {
  const days: CohortRow[][] = [];
  for (let { fromMs } = query; fromMs < query.toMs; fromMs = (utcDay(fromMs) + 1) * DAY_MS) {
    const toMs = Math.min((utcDay(fromMs) + 1) * DAY_MS, query.toMs);
    days.push(await store.cohortDays({ ...query, fromMs, toMs }));
  }
  return days.flat();
}
