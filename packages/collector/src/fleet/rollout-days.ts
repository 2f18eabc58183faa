import { DAY_MS, utcDay } from '../counting/time.js';
import type { CohortQuery, CohortRow, RollupReads } from '../store/rollup-store.js';
import { readCohortDays } from './cohort-rows.js';

/** A rollout begins anew when its canary has not reported for so many days. */
const PAUSE_DAYS = 7;
/** At most so many days of a rollout are read. Nobody waits longer for a verdict. */
const LONGEST_DAYS = 90;

/**
 * Reads the rows of a rollout from the first day of its canary to the end of a range. The range's begin has no part in
 * it, so the figures of a rollout do not depend on how much of it is looked at.
 *
 * @param query has the version of the canary, and when that was offered, where that is known
 * @returns nothing where no UTC day that the range touches has a report of its canary. If it was offered, all canary devices
 * may be missing: then it is what others reported since
 */
export async function readRolloutDays(
  store: Pick<RollupReads, 'cohortDays'>,
  { version, offeredMs, ...query }: Required<CohortQuery> & { readonly offeredMs?: number },
): Promise<CohortRow[]> {
  const fromDay = utcDay(query.fromMs);
  const rows = await readCohortDays(store, { ...query, fromMs: fromDay * DAY_MS });
  let [first] = canaryDays(rows, version);
  if (first === undefined) return rows.filter(({ hourMs }) => hourMs >= (offeredMs ?? Infinity));
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

/** Returns the first day, or the first after the last pause. */
function lastBeginning(days: readonly number[]): number {
  return days.findLast((day, i) => day - (days[i - 1] ?? -Infinity) > PAUSE_DAYS) ?? -Infinity;
}
