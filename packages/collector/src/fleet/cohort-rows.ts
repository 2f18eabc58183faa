import { COHORTS } from '@nearside/core';
import type { CohortQuery, CohortRow, RollupReads } from '../counting/rollup-store.js';
import { DAY_MS, HOUR_MS, utcDay } from '../counting/time.js';
import type { BinCounts } from '../statistics/bins.js';
import type { RatioSums } from '../statistics/cohort-ratio.js';

/** Rows by cohort, by the hour. */
export interface CohortHours {
  /** Rows of some hours, in any order. */
  of(hours: readonly number[]): Promise<CohortRow[]>;
}

/** Reads each hour once, however often it is asked for. Keeps what drift needs, and no more. */
export function readCohortHours(
  store: Pick<RollupReads, 'cohorts'>,
  { model, version }: { model: string; version?: string },
): CohortHours {
  const known = new Map<number, Promise<CohortRow[]>>();

  function hour(fromMs: number): Promise<CohortRow[]> {
    const found = known.get(fromMs);
    if (found) return found;
    const range = { model, fromMs, toMs: fromMs + HOUR_MS };
    const rows = store.cohorts({ ...range, ...(version !== undefined && { version }) });
    const kept = rows.then((list) => list.map(withDriftAlone));
    known.set(fromMs, kept);
    return kept;
  }

  return { of: async (hours) => (await Promise.all(hours.map(hour))).flat() };
}

function withDriftAlone({ counts: { drift, firsts }, ...row }: CohortRow): CohortRow {
  return { ...row, counts: { ...(drift && { drift }), ...(firsts && { firsts }) } };
}

export function hoursOf(fromMs: number, toMs: number): number[] {
  const first = Math.ceil(fromMs / HOUR_MS);
  const last = Math.ceil(toMs / HOUR_MS);
  return Array.from({ length: Math.max(0, last - first) }, (_, i) => (first + i) * HOUR_MS);
}

/** One value for each cohort, from its rows. */
export function byCohort<Value>(
  rows: readonly CohortRow[],
  value: (rows: readonly CohortRow[]) => Value,
): Value[] {
  const cohorts = Array.from({ length: COHORTS }, (): CohortRow[] => []);
  for (const row of rows) cohorts[row.cohort]?.push(row);
  return cohorts.map(value);
}

/** Parts and wholes added up, for each cohort. */
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

/** Observations of one distribution by bin, for each cohort. */
export function binsByCohort(
  rows: readonly CohortRow[],
  { baseline, position, bins }: { baseline: string; position: number; bins: number },
): BinCounts[] {
  return byCohort(rows, (own) => {
    const counts = new Array<number>(bins).fill(0);
    for (const row of own) {
      const found = row.counts.drift?.[baseline]?.bins?.[position] ?? {};
      for (const [bin, n] of Object.entries(found)) {
        if (Number(bin) < bins) counts[Number(bin)] = (counts[Number(bin)] as number) + n;
      }
    }
    return counts;
  });
}

/** Devices that said they had not reported before, in this hour or on this day, on this version or arm. */
export function firstsIn(rows: readonly CohortRow[], name: string): number {
  return rows.reduce((sum, { counts }) => sum + (counts.firsts?.[name] ?? 0), 0);
}

/** Installs with a side of a rollout, on the busiest UTC day; who reported before a day's first is one at least. */
export function devicesOnBusiestDay(rows: readonly CohortRow[]): number {
  const byDay = new Map<number, number>();
  for (const { hourMs, counts } of rows) {
    const day = utcDay(hourMs);
    byDay.set(day, (byDay.get(day) ?? 0) + (counts.firsts?.['arm-day'] ?? 0));
  }
  return Math.max(rows.length > 0 ? 1 : 0, ...byDay.values());
}

/**
 * Rows of a range, those of one UTC day, unit and cohort added up. A day at a time, so that others are answered between: a
 * month takes a while.
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
