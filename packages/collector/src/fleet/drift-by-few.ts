import type { BinCounts } from '../statistics/bins.js';
import {
  type CompositionChange,
  carriedByCohort,
  changeSince,
  differenceFromLab,
  labByCohort,
} from '../statistics/composition-change.js';
import { ALARM, alarmsOf } from '../statistics/drift-alarm.js';
import { HEAVIEST, withoutHeaviest } from '../statistics/heaviest-cohorts.js';
import type { SeenWindow } from './drift-windows.js';
import type { Observed } from './observed-bins.js';

interface Asked {
  /** The observations that were tested, by cohort. */
  readonly testedIn: (observed: Observed) => readonly BinCounts[];
  /** All changes that stand in one list with the test, by window. */
  readonly lists: readonly (readonly (CompositionChange | undefined)[])[];
  /** Place of the test in each list. */
  readonly at: number;
  readonly isOrdered: boolean;
  readonly fewestCohorts: number;
  /** The lab's counts by bin, where the difference from it is tested. Left out, it is the change since the past. */
  readonly lab?: BinCounts;
}

/** Tells whether an alarm at the end of the range is none without the cohorts that carry most of it. */
export function isDriftByFew(
  windows: readonly (SeenWindow | undefined)[],
  { testedIn, lists, at, isOrdered, fewestCohorts, lab }: Asked,
): boolean {
  // an alarm is made of two windows
  const end = windows.findLastIndex((seen) => seen !== undefined) + 1;
  const pairs = windows.slice(Math.max(0, end - 2), end).map((seen) => {
    const now = seen ? testedIn(seen.now) : [];
    const past = seen ? testedIn(seen.past) : [];
    return [now, lab ? labByCohort(now, lab) : past] as const;
  });
  const carried = pairs.map(([now, past]) => carriedByCohort(now, past));
  const weights = (carried.at(-1) ?? []).map((_, cohort) =>
    carried.reduce((sum, ofWindow) => sum + (ofWindow[cohort] ?? 0), 0),
  );
  const without = pairs.map(([now, past], i) => {
    const list = [...(lists[end - pairs.length + i] ?? [])];
    const rest = withoutHeaviest(now, weights);
    const how = { isOrdered, fewestCohorts: fewestCohorts - HEAVIEST };
    list[at] = lab
      ? differenceFromLab(rest, lab, how)
      : changeSince(rest, withoutHeaviest(past, weights), how);
    return list;
  });
  const leastEffect = lab ? ALARM.leastFromLab : ALARM.leastEffect;
  return !alarmsOf(without, leastEffect).at(-1)?.[at];
}
