import { addCounts } from '../counting/counts.js';
import { DAY_MS, utcDay } from '../counting/time.js';
import type { CohortQuery, CohortRow } from './rollup-store.js';

/** Asks for the days that are kept. They are read first, because the hours beside them depend on them. */
export function daysOf(query: CohortQuery): CohortQuery {
  return { ...query, fromMs: startOfDay(query.fromMs) };
}

/** Asks for the hours of all other days. A day that is being moved is read with all hours that are left. */
export function hoursBeside(days: Iterable<CohortRow>, query: CohortQuery): CohortQuery {
  let { fromMs, toMs } = query;
  const [first, last] = [startOfDay(fromMs), startOfDay(toMs - 1)];
  for (const { hourMs } of days) {
    if (hourMs === first) fromMs = first;
    if (hourMs === last) toMs = last + DAY_MS;
  }
  return { ...query, fromMs, toMs };
}

/** Adds up rows by UTC day, unit and cohort. */
export function addByDay(sums: Map<string, CohortRow>, rows: Iterable<CohortRow>): void {
  for (const row of rows) {
    const key = `${utcDay(row.hourMs)} ${row.cohort} ${Object.values(row.unit).join(' ')}`;
    const found = sums.get(key);
    if (found) addCounts(found.counts, row.counts);
    else sums.set(key, row);
  }
}

function startOfDay(timeMs: number): number {
  return utcDay(timeMs) * DAY_MS;
}
