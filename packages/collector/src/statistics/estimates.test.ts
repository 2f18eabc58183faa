import { stabilityIndex } from '@nearside/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { joinBins, joinSmallBins } from './bins.js';
import { isMissByFew, ratioOf } from './cohort-ratio.js';
import { radiusAtAnyLook, radiusForEffects } from './distributions.js';
import { jensenShannon, wasserstein } from './divergence.js';
import { rejected } from './drift-alarm.js';
import { figureOf, shareFigureOf } from './figure.js';
import { trimmedDifference } from './trimmed-difference.js';

// Where a value is named, it is of SciPy 1.15 or NumPy.

test('a trimmed mean and its variance are those of SciPy where all weigh the same', () => {
  const cohorts = Array.from({ length: 64 }, (_, i) => ({
    difference: (((i * 37) % 64) - 31.5) / 10 + (i === 3 ? 5 : 0),
    weight: 1,
  }));
  const { value, variance, degrees } = trimmedDifference(cohorts);
  expect(value).toBeCloseTo(0.02321428571428571, 12); // stats.trim_mean
  expect(variance).toBeCloseTo(0.0695545331227729, 12); // mstats.trimmed_stde ** 2
  expect(degrees).toBe(55);
});

test('four cohorts move a trimmed mean no further than its own cohorts lie apart, whatever they say and weigh', () => {
  const honest = Array.from({ length: 60 }, (_, i) => ({
    difference: (i - 29.5) / 100,
    weight: 1,
  }));
  const extreme = fc.record({
    difference: fc.double({ min: -1e9, max: 1e9, noNaN: true }),
    weight: fc.double({ min: 1e-3, max: 1e12, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(extreme, { minLength: 4, maxLength: 4 }), (forged) => {
      const { value, variance } = trimmedDifference([...honest, ...forged]);
      expect(Math.abs(value)).toBeLessThan(0.05);
      expect(Math.sqrt(variance)).toBeLessThan(0.05);
    }),
  );
});

test('discoveries are those of Benjamini and Hochberg', () => {
  // stats.false_discovery_control: 0.0006, 0.008, 0.036, 0.03, 0.6, 0.0036
  const p = [0.0001, 0.004, 0.03, 0.02, 0.6, 0.0012];
  expect(rejected(p, 0.0059)).toEqual([true, false, false, false, false, true]);
  expect(rejected(p, 0.0301)).toEqual([true, true, false, true, false, true]);
  expect(rejected(p, 0.0001)).toEqual([false, false, false, false, false, false]);
  expect(rejected([], 0.05)).toEqual([]);
});

test('distances between distributions are those of SciPy', () => {
  const [p, q] = [
    [10, 20, 30, 40],
    [40, 30, 20, 5],
  ];
  expect(jensenShannon(p, q)).toBeCloseTo(0.20082893015671513, 12);
  expect(wasserstein(p, q, [0, 0.5, 0.8, 0.9, 1])).toBeCloseTo(0.25052631578947365, 12);
});

test('distances are 0 between equal shares, symmetric, and finite with empty bins', () => {
  const counts = fc.array(fc.nat(1000), { minLength: 4, maxLength: 4 });
  fc.assert(
    fc.property(counts, counts, (p, q) => {
      expect(stabilityIndex(p, p)).toBe(0);
      expect(stabilityIndex(p, q)).toBeCloseTo(stabilityIndex(q, p), 10);
      expect(stabilityIndex(p, q)).toBeGreaterThanOrEqual(0);
      expect(jensenShannon(p, q)).toBeLessThanOrEqual(1 + 1e-12);
    }),
  );
});

test('a ratio of sums has the variance that its cohorts show', () => {
  const part = [3, 5, 2, 8, 1, 0, 4, 6];
  const whole = [30, 41, 25, 60, 22, 9, 33, 50];
  const found = ratioOf(part.map((n, i) => ({ part: n, whole: whole[i] as number })));
  expect(found).toMatchObject({ n: 270, degrees: 7 });
  expect(found?.value).toBeCloseTo(0.10740740740740741, 14);
  expect(found?.variance).toBeCloseTo(0.00010488356858320785, 14);
  expect(ratioOf([])).toBeUndefined();
  expect(ratioOf([{ part: 0, whole: 0 }])).toBeUndefined();
});

test('a missed target is made by few where it is met without the four cohorts that miss most', () => {
  const failing = (cohorts: number) =>
    Array.from({ length: 64 }, (_, i) => ({ part: i < cohorts ? 900 : 1000, whole: 1000 }));
  const isByFew = (cohorts: number) =>
    isMissByFew(failing(cohorts), { devices: 500, target: 0.999 });
  expect([0, 4, 16, 64].map(isByFew)).toEqual([false, true, false, false]);
});

test('a radius for several effects is narrower than the narrowest at a share of the level, and as wide as that of one', () => {
  const effects = [0.005, 0.1];
  for (const variance of [1e-8, 1e-6, 2e-6, 1e-5, 1e-3]) {
    const [alone, shared] = [0.001, 0.0005].map((level) =>
      Math.min(...effects.map((effect) => radiusAtAnyLook(variance, effect, level))),
    );
    const radius = radiusForEffects(variance, effects, 0.001);
    expect(radius).toBeGreaterThanOrEqual(alone ?? NaN);
    expect(radius).toBeLessThan(shared ?? NaN);
    expect(radiusForEffects(variance, [0.1], 0.001)).toBe(radiusAtAnyLook(variance, 0.1, 0.001));
  }
});

test('the radius that holds at every look is where the mixture of likelihoods is 1 / (2 level)', () => {
  const positive = fc.double({ min: 1e-6, max: 10, noNaN: true });
  fc.assert(
    fc.property(
      positive,
      positive,
      fc.double({ min: 1e-4, max: 0.1, noNaN: true }),
      (v, effect, level) => {
        const radius = radiusAtAnyLook(v, effect, level);
        const mixture = effect ** 2;
        const exponent = (radius ** 2 * mixture) / (2 * v * (v + mixture));
        const ratio = Math.log(v / (v + mixture)) / 2 + exponent;
        expect(ratio).toBeCloseTo(Math.log(1 / (2 * level)), 8);
      },
    ),
  );
});

test('joined bins hold enough, keep their order and lose nothing', () => {
  const amounts = fc.array(fc.nat(20), { minLength: 1, maxLength: 32 });
  fc.assert(
    fc.property(amounts, (list) => {
      const target = joinSmallBins(list, 10);
      const sums = joinBins(list, target);
      const all = list.reduce((sum, n) => sum + n, 0);
      expect(sums.reduce((sum, n) => sum + n, 0)).toBe(all);
      expect([...target].sort((a, b) => a - b)).toEqual(target);
      if (all >= 10) expect(Math.min(...sums)).toBeGreaterThanOrEqual(10);
    }),
  );
});

const ORIGIN = { devices: 100, method: 'cohort-ratio' } as const;

test('an interval of a share stays within 0 and 1, and is not a point where all cohorts agree', () => {
  const shares = fc.record({
    value: fc.double({ min: 0, max: 1, noNaN: true }),
    variance: fc.double({ min: 0, max: 0.01, noNaN: true }),
  });
  fc.assert(
    fc.property(shares, ({ value, variance }) => {
      const figure = shareFigureOf({ value, variance, n: 500, degrees: 63 }, ORIGIN);
      expect(figure.low).toBeGreaterThanOrEqual(0);
      expect(figure.high).toBeLessThanOrEqual(1);
      expect(Number(figure.high) - Number(figure.low)).toBeGreaterThan(0.001);
    }),
  );
  const never = shareFigureOf({ value: 0, variance: 0, n: 1e6, degrees: 63 }, ORIGIN);
  // a hundred devices that never failed: not known better than that
  expect(never.high).toBeGreaterThan(0.03);
});

test('where nothing was counted a figure is null, and says its method all the same', () => {
  expect(figureOf(undefined, ORIGIN)).toEqual({
    value: null,
    low: null,
    high: null,
    n: 0,
    devices: 100,
    method: 'cohort-ratio',
    estimated: false,
  });
});
