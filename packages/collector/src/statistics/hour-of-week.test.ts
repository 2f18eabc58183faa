import { expect, test } from 'vitest';
import { seededDraws } from '../testing/seeded-draws.js';
import { negativeBinomialBelow } from './distributions.js';
import { fewestOf, usualCount } from './hour-of-week.js';

const DAY = 24;
const HOUR_MS = 3_600_000;
const MONDAY_MS = Date.UTC(2026, 2, 2);

/** Knuth's. */
function poisson(mean: number, { uniform }: ReturnType<typeof seededDraws>): number {
  const limit = Math.exp(-mean);
  let [n, product] = [0, uniform()];
  while (product > limit) {
    n += 1;
    product *= uniform();
  }
  return n;
}

/** Devices by the hour; fewer at night and at weekends. */
function fleet(devices: number, days: number, seed = 1): number[] {
  const draws = seededDraws(seed);
  return Array.from({ length: days * DAY }, (_, hour) => {
    const daily = 1 + 0.5 * Math.cos((((hour % DAY) - 15) / DAY) * 2 * Math.PI);
    const weekend = Math.floor(hour / DAY) % 7 > 4 ? 0.6 : 1;
    return poisson(devices * daily * weekend, draws);
  });
}

/** Of the hour that follows these. */
function fewestAfter(past: readonly number[]): number | undefined {
  const usual = usualCount(MONDAY_MS + past.length * HOUR_MS, past);
  return usual && fewestOf(usual);
}

// Sums of exp(lgamma(r + k) - lgamma(r) - lgamma(k + 1) + r log p + k log(1 - p)), by Python.
test.each([
  [0, 20, 0.1, 1.69350878e-5],
  [5, 20, 0.1, 0.0085042714],
  [40, 30, 0.25, 0.77652029],
  [3, 10, 0.01, 0.013121855],
  [150, 200, 0.02, 0.0493533324],
])(
  'at most %i of a negative binomial with mean %i and dispersion %d have a chance of %d',
  (n, mean, dispersion, chance) => {
    expect(negativeBinomialBelow(n, mean, dispersion)).toBeCloseTo(chance, 9);
  },
);

test('fleets that do not change have no silent hour, however small they are', () => {
  for (const devices of [3, 10, 40, 200]) {
    const counts = fleet(devices, 14, devices);
    const silent = counts.filter(
      (count, hour) => count < (fewestAfter(counts.slice(0, hour)) ?? 0),
    );
    expect(silent).toEqual([]);
  }
});

test('in a first week there is no verdict, and from then on an hour without any of 30 devices is too few', () => {
  const counts = fleet(30, 14);
  expect(fewestAfter(counts.slice(0, 7 * DAY - 1))).toBeUndefined();
  for (let hour = 7 * DAY; hour < counts.length; hour += 1) {
    const usual = usualCount(MONDAY_MS + hour * HOUR_MS, counts.slice(0, hour));
    if ((usual?.mean ?? 0) >= 30) expect(usual && fewestOf(usual)).toBeGreaterThan(0);
  }
});

test('where none is within what may be chance, no hour is too few', () => {
  expect(fewestAfter(fleet(5, 35))).toBe(0);
});

test('a silence of three days does not hide itself', () => {
  const counts = [...fleet(60, 24), ...new Array<number>(3 * DAY).fill(0)];
  expect(fewestAfter(counts)).toBeGreaterThan(0);
});

test('a fleet that shrinks by a tenth each week is not silent', () => {
  const counts = fleet(2000, 35).map((count, hour) => Math.round(count * 0.9 ** (hour / 7 / DAY)));
  for (let hour = 28 * DAY; hour < counts.length; hour += 1) {
    expect(counts[hour]).toBeGreaterThanOrEqual(fewestAfter(counts.slice(0, hour)) ?? 0);
  }
});
