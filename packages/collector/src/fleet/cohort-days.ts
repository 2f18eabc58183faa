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

/** A rollout of whose canary nothing came for so many days has begun anew. */
const PAUSE_DAYS = 7;
/** What is read of a rollout at most: who holds devices back for a year does not wait for a verdict. */
const ROLLOUT_DAYS = 90;

/**
 * Rows of a rollout until the end of a range, from the first day of its canary on, wherever the range begins: what is said of a
 * rollout must not depend on how much of it is looked at.
 *
 * @returns nothing where no UTC day that the range touches has a report of its canary
 */
export async function readRolloutDays(
  store: Pick<RollupReads, 'cohortDays'>,
  { version, ...query }: CohortQuery & { readonly version: string; readonly experiment: string },
): Promise<CohortRow[]> {
  const isCanary = ({ unit }: CohortRow) => unit.arm === 'canary' && unit.assigned === version;
  const daysOf = (rows: readonly CohortRow[]) =>
    [...new Set(rows.filter(isCanary).map(({ hourMs }) => utcDay(hourMs)))].sort((a, b) => a - b);
  const fromDay = utcDay(query.fromMs);
  const rows = await readCohortDays(store, { ...query, fromMs: fromDay * DAY_MS });
  let [first] = daysOf(rows);
  if (first === undefined) return [];
  const oldest = utcDay(query.toMs - 1) + 1 - ROLLOUT_DAYS;
  for (let day = fromDay - 1; day >= Math.max(first - PAUSE_DAYS, oldest); day -= 1) {
    const range = { fromMs: day * DAY_MS, toMs: (day + 1) * DAY_MS };
    const ofDay = await store.cohortDays({ ...query, ...range });
    if (ofDay.some(isCanary)) first = day;
    rows.push(...ofDay);
  }
  const days = daysOf(rows);
  const begin = days.findLast(
    (day, i) => day - (days[i - 1] ?? Number.NEGATIVE_INFINITY) > PAUSE_DAYS,
  );
  return rows.filter(({ hourMs }) => utcDay(hourMs) >= (begin ?? first));
}
