import type { BinCounts } from '../statistics/bins.js';
import {
  type CompositionChange,
  carriedByCohort,
  changeSince,
} from '../statistics/composition-change.js';
import { alarmsOf } from '../statistics/drift-alarm.js';
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
}

/** Tells whether an alarm at the end of the range is none without the cohorts that carry most of it. */
export function isDriftByFew(
  windows: readonly (SeenWindow | undefined)[],
  { testedIn, lists, at, isOrdered, fewestCohorts }: Asked,
): boolean {
  // an alarm is made of two windows
  const end = windows.findLastIndex((seen) => seen !== undefined) + 1;
  const pairs = windows
    .slice(Math.max(0, end - 2), end)
    .map((seen) =>
      seen ? ([testedIn(seen.now), testedIn(seen.past)] as const) : ([[], []] as const),
    );
  const carried = pairs.map(([now, past]) => carriedByCohort(now, past));
  const weights = (carried.at(-1) ?? []).map((_, cohort) =>
    carried.reduce((sum, ofWindow) => sum + (ofWindow[cohort] ?? 0), 0),
  );
  const without = pairs.map(([now, past], i) => {
    const list = [...(lists[end - pairs.length + i] ?? [])];
    list[at] = changeSince(withoutHeaviest(now, weights), withoutHeaviest(past, weights), {
      isOrdered,
      fewestCohorts: fewestCohorts - HEAVIEST,
    });
    return list;
  });
  return !alarmsOf(without).at(-1)?.[at];
}
