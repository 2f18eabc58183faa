import { expect, test } from 'vitest';
import { type SeededDraws, seededDraws } from '../testing/seeded-draws.js';
import { field, lab, SHARES, shareFar } from '../testing/specialised-fleet.js';
import { changeSince, differenceFromLab } from './composition-change.js';
import { alarmsOf } from './drift-alarm.js';

const ORDERED = { isOrdered: true };

/** Share of fleets with a p value below. */
function shareBelow(
  level: number,
  pValue: (draws: SeededDraws) => number | undefined,
  fleets = 120,
): number {
  const found = Array.from({ length: fleets }, (_, seed) => pValue(seededDraws(seed + 1)) ?? 1);
  return found.filter((p) => p < level).length / found.length;
}

test('a field that has not changed is called changed as often as the level says, however specialised its devices', () => {
  const share = shareBelow(
    0.05,
    (draws) => changeSince(field(draws), field(draws), ORDERED)?.pValue,
  );
  expect(share).toBeLessThan(0.1);
  expect(share).toBeGreaterThan(0.01);
});

test('counted as if all observations were independent, the same fleets are called unlike the lab six times too often', () => {
  const few = { devices: 100 };
  // one cohort for each observation is what a chi-square test takes it for
  const singles = (draws: SeededDraws) => {
    const bins = field(draws, few).flatMap((counts) =>
      counts.flatMap((n, bin) => Array(n).fill(bin)),
    );
    return bins.map((bin: number) => SHARES.map((_, i) => Number(i === bin)));
  };
  const against = (cohorts: readonly number[][], draws: SeededDraws) =>
    differenceFromLab(cohorts, lab(draws, 20_000), ORDERED)?.pValue;
  const independent = shareBelow(0.05, (draws) => against(singles(draws), draws), 50);
  const robust = shareBelow(0.05, (draws) => against(field(draws, few), draws), 50);
  expect(independent).toBeGreaterThan(0.3);
  expect(robust).toBeLessThan(0.15);
});

test('a small lab sample counts as the sample that it is', () => {
  const share = shareBelow(
    0.05,
    (draws) => {
      return differenceFromLab(field(draws, { devices: 2000 }), lab(draws, 200), ORDERED)?.pValue;
    },
    40,
  );
  expect(share).toBeLessThan(0.1);
});

test('a shift of many bins by little is found by the smooth test before each bin shows it', () => {
  const tilt = SHARES.map((share, i) => share * (1 + 0.12 * (i - 2)));
  const found = (isOrdered: boolean) =>
    shareBelow(
      0.01,
      (draws) => {
        return changeSince(field(draws, { tilt }), field(draws, { devices: 2000 }), { isOrdered })
          ?.pValue;
      },
      40,
    );
  expect(found(true)).toBeGreaterThan(found(false));
});

test('what a change is expected to be by chance is what it is on average', () => {
  let [psi, expected] = [0, 0];
  for (let seed = 1; seed <= 60; seed += 1) {
    const draws = seededDraws(seed);
    const change = changeSince(field(draws), field(draws), ORDERED);
    psi += change?.psi ?? 0;
    expected += change?.expectedPsi ?? 0;
  }
  expect(psi / expected).toBeGreaterThan(0.9);
  expect(psi / expected).toBeLessThan(1.1);
});

test('with too few cohorts, an empty past or one bin there is nothing to say', () => {
  const draws = seededDraws(1);
  const few = field(draws).map((bins, cohort) => (cohort < 8 ? bins : bins.map(() => 0)));
  const empty = few.map((bins) => bins.map(() => 0));
  expect(changeSince(few, field(draws), ORDERED)).toBeUndefined();
  expect(changeSince(field(draws), few, ORDERED)).toBeUndefined();
  expect(changeSince(field(draws), empty, ORDERED)).toBeUndefined();
  const single = Array.from({ length: 64 }, () => [5, 0, 0]);
  expect(changeSince(single, single, ORDERED)).toMatchObject({ psi: 0, pValue: 1 });
});

test('a bin that was never seen before and holds one of twenty now is a change', () => {
  const draws = seededDraws(4);
  const before = field(draws).map((bins) => [...bins, 0]);
  const now = field(draws).map((bins) => [
    ...bins,
    Math.round(bins.reduce((a, b) => a + b, 0) / 20),
  ]);
  expect(changeSince(now, before, { isOrdered: false })?.pValue).toBeLessThan(1e-4);
});

const change = (pValue: number, psi = 0.1) => ({
  ...{ psi, expectedPsi: 0.01, pValue, naivePValue: pValue, n: 1000 },
});

test('an alarm needs two windows running, an effect and a sure test', () => {
  const [sure, unsure, small] = [change(1e-6), change(0.01), change(1e-6, 0.03)];
  expect(alarmsOf([[sure], [sure], [unsure], [sure], [small], [sure], [sure]])).toEqual([
    [false],
    [true],
    [false],
    [false],
    [false],
    [false],
    [true],
  ]);
  expect(alarmsOf([[undefined], [sure]])).toEqual([[false], [false]]);
});

test('a field that is like the lab is not called far from it, nor one that differs as labs do, and another population is', () => {
  const little = { fleets: 20, windows: 2, distributions: 2 };
  expect(shareFar(SHARES, little)).toBe(0);
  expect(shareFar([0.16, 0.26, 0.28, 0.2, 0.1], little)).toBe(0); // an index of 0.11
  expect(shareFar([0.35, 0.3, 0.2, 0.1, 0.05], little)).toBe(1); // of 0.74
});

test('the more distributions there are, the surer one has to be', () => {
  const alone = [[change(0.0005)], [change(0.0005)]];
  const among = alone.map((ofWindow) => [...ofWindow, change(0.5), change(0.9)]);
  expect(alarmsOf(alone)[1]).toEqual([true]);
  expect(alarmsOf(among)[1]).toEqual([false, false, false]);
});
