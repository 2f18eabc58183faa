import { DAY_MS, utcDay } from '../days.js';
import type { CohortQuery, CohortRow, RollupReads } from '../rollup-store.js';

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

/** A rollout of which nothing came for so many days has begun anew. */
const LONGEST_PAUSE_DAYS = 7;

/**
 * Rows of a rollout until the end of a range, from its first day on, wherever the range begins: what is said of a rollout must
 * not depend on how much of it is looked at.
 *
 * @returns nothing where the range has no report of its canary
 */
export async function readRolloutDays(
  store: Pick<RollupReads, 'cohortDays'>,
  { version, ...query }: CohortQuery & { readonly version: string; readonly experiment: string },
): Promise<CohortRow[]> {
  const isCanary = ({ unit }: CohortRow) => unit.arm === 'canary' && unit.assigned === version;
  const rows = await readCohortDays(store, query);
  if (!rows.some(isCanary)) return [];
  let paused: CohortRow[][] = [];
  for (let toMs = query.fromMs; paused.length < LONGEST_PAUSE_DAYS; ) {
    const fromMs = utcDay(toMs - 1) * DAY_MS;
    paused.push(await store.cohortDays({ ...query, fromMs, toMs }));
    toMs = fromMs;
    if (!paused.at(-1)?.some(isCanary)) continue;
    rows.push(...paused.flat());
    paused = [];
  }
  return rows;
}
