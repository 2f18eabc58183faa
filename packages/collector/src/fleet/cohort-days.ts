import { HOUR_MS } from '../contribution.js';
import { addCounts } from '../counts.js';
import { utcDay } from '../days.js';
import type { CohortQuery, CohortRow, RollupReads } from '../rollup-store.js';

/** Read at once. */
const STRETCH_MS = 6 * HOUR_MS;

/**
 * Rows of a range, those of one UTC day, unit and cohort added up, with the first hour of them: the hours of a month would
 * not fit in memory together.
 */
export async function readCohortDays(
  store: Pick<RollupReads, 'cohorts'>,
  query: CohortQuery,
): Promise<CohortRow[]> {
  const days = new Map<string, CohortRow>();
  for (let fromMs = query.fromMs; fromMs < query.toMs; fromMs += STRETCH_MS) {
    const toMs = Math.min(fromMs + STRETCH_MS, query.toMs);
    for (const row of await store.cohorts({ ...query, fromMs, toMs })) {
      const key = `${utcDay(row.hourMs)} ${row.cohort} ${Object.values(row.unit).join(' ')}`;
      const found = days.get(key);
      if (found) addCounts(found.counts, row.counts);
      else days.set(key, row);
    }
  }
  return [...days.values()];
}
