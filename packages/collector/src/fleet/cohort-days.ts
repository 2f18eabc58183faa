import { DAY_MS, utcDay } from '../counting/days.js';
import type { CohortQuery, CohortRow, RollupReads } from '../counting/rollup-store.js';

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
