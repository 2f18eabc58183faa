import { expect, test } from 'vitest';
import { changeSince, differenceFromLab } from '../statistics/composition-change.js';
import { ALARM, alarmsOf } from '../statistics/drift-alarm.js';
import { seededDraws } from '../testing/seeded-draws.js';
import { isDriftByFew } from './drift-by-few.js';
import type { SeenWindow } from './drift-windows.js';

/** A window in which so many of 64 cohorts have changed. */
function windowOf(changed: number, seed: number): SeenWindow {
  const draws = seededDraws(seed);
  const cohorts = (changed: number) =>
    Array.from({ length: 64 }, (_, i) => {
      const high = 40 + draws.below(20) + (i < changed ? 50 : 0);
      return [100 - high, high];
    });
  const observed = (table: number[][]) => ({ whole: [table], parts: new Map() });
  const [now, past] = [observed(cohorts(changed)), observed(cohorts(0))];
  return { now, past, window: undefined as never };
}

test('a drift is made by few as long as four cohorts decide', () => {
  const options = { isOrdered: false, fewestCohorts: 16 };
  const found = [4, 12, 16, 20, 24, 64].map((changed) => {
    const windows = [windowOf(changed, 1), windowOf(changed, 2)];
    const lists = windows.map(({ now, past }) => [
      changeSince(now.whole[0] ?? [], past.whole[0] ?? [], options),
    ]);
    if (!alarmsOf(lists)[1]?.[0]) return undefined;
    const testedIn = ({ whole }: SeenWindow['now']) => whole[0] ?? [];
    return isDriftByFew(windows, { testedIn, lists, at: 0, ...options });
  });
  // four alone raise no alarm
  expect(found).toEqual([undefined, true, false, false, false, false]);
});

test('so is a distance from the lab, as long as four cohorts decide', () => {
  const lab = [480, 520];
  const options = { isOrdered: false, fewestCohorts: 16 };
  const found = [0, 44, 46, 48, 64].map((changed) => {
    const windows = [farWindow(changed, 1), farWindow(changed, 2)];
    const lists = windows.map(({ now }) => [differenceFromLab(now.whole[0] ?? [], lab, options)]);
    if (!alarmsOf(lists, ALARM.leastFromLab)[1]?.[0]) return undefined;
    const testedIn = ({ whole }: SeenWindow['now']) => whole[0] ?? [];
    return isDriftByFew(windows, { testedIn, lists, at: 0, lab, ...options });
  });
  // without four of 46 the rest is no longer far
  expect(found).toEqual([undefined, undefined, true, false, false]);
});

/** A window in which so many of 64 cohorts see what the lab hardly has. */
function farWindow(changed: number, seed: number): SeenWindow {
  const draws = seededDraws(seed);
  const table = Array.from({ length: 64 }, (_, i) => {
    const high = 42 + draws.below(20) + (i < changed ? 35 : 0);
    return [100 - high, high];
  });
  const observed = { whole: [table], parts: new Map() };
  return { now: observed, past: observed, window: undefined as never };
}
