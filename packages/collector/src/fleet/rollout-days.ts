import type { CohortQuery, CohortRow, RollupReads } from '../counting/rollup-store.js';
import { DAY_MS, utcDay } from '../counting/time.js';
import { readCohortDays } from './cohort-rows.js';

/** A rollout of whose canary nothing came for so many days has begun anew. */
const PAUSE_DAYS = 7;
/** What is read of a rollout at most: who holds devices back for a year does not wait for a verdict. */
const LONGEST_DAYS = 90;

interface RolloutQuery extends CohortQuery {
  /** Of the canary. */
  readonly version: string;
  readonly experiment: string;
}

/**
 * Rows of a rollout until the end of a range, from the first day of its canary on, wherever the range begins: what is said of a
 * rollout must not depend on how much of it is looked at.
 *
 * @returns nothing where no UTC day that the range touches has a report of its canary
 */
export async function readRolloutDays(
  store: Pick<RollupReads, 'cohortDays'>,
  { version, ...query }: RolloutQuery,
): Promise<CohortRow[]> {
  const fromDay = utcDay(query.fromMs);
  const rows = await readCohortDays(store, { ...query, fromMs: fromDay * DAY_MS });
  let [first] = canaryDays(rows, version);
  if (first === undefined) return [];
  const oldest = utcDay(query.toMs - 1) + 1 - LONGEST_DAYS;
  for (let day = fromDay - 1; day >= Math.max(first - PAUSE_DAYS, oldest); day -= 1) {
    const range = { fromMs: day * DAY_MS, toMs: (day + 1) * DAY_MS };
    const ofDay = await store.cohortDays({ ...query, ...range });
    if (canaryDays(ofDay, version).length > 0) first = day;
    rows.push(...ofDay);
  }
  const begin = lastBeginning(canaryDays(rows, version));
  return rows.filter(({ hourMs }) => utcDay(hourMs) >= begin);
}

/** UTC days on which installs with the canary reported, in order. */
function canaryDays(rows: readonly CohortRow[], version: string): number[] {
  const own = rows.filter(({ unit }) => unit.arm === 'canary' && unit.assigned === version);
  return [...new Set(own.map(({ hourMs }) => utcDay(hourMs)))].sort((a, b) => a - b);
}

/** The first day, or the first after the last pause. */
function lastBeginning(days: readonly number[]): number {
  return days.findLast((day, i) => day - (days[i - 1] ?? -Infinity) > PAUSE_DAYS) ?? -Infinity;
}
