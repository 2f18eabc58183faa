import { expect, test } from 'vitest';
import { distribution, quantile } from './percentiles.ts';
import { isSteady, WARM_UP, warmUpUntilSteady } from './steady.ts';

const LIMITS = { ...WARM_UP, windowRuns: 10, maxRuns: 200, maxMs: 1_000_000 };

/** Times that fall by a tenth with each run until they are what they will be. */
function tierUp(run: number): number {
  return Math.max(10, 100 * 0.9 ** run);
}

test('a percentile that still falls is not steady', () => {
  const falling = Array.from({ length: 20 }, (_, i) => tierUp(i));
  expect(isSteady(falling, LIMITS)).toBe(false);
});

test('fewer runs than two windows are never steady', () => {
  expect(isSteady(Array(19).fill(10), LIMITS)).toBe(false);
  expect(isSteady(Array(20).fill(10), LIMITS)).toBe(true);
});

test('one slow run in a window does not make the percentile move, two do', () => {
  const calm = Array(10).fill(10);
  expect(isSteady([...calm, ...Array(9).fill(10), 50], LIMITS)).toBe(true);
  expect(isSteady([...calm, ...Array(8).fill(10), 50, 50], LIMITS)).toBe(false);
});

test('warming up ends with the window after the last change', async () => {
  let run = 0;
  const warmUp = await warmUpUntilSteady(async () => tierUp(run++), LIMITS);
  expect(warmUp).toEqual({ runs: 40, isSteady: true });
});

test('a model that never becomes steady ends with its runs, or with its time', async () => {
  let ms = 1;
  const growing = async () => {
    ms *= 1.5;
    return ms;
  };
  const endless = { ...LIMITS, maxRuns: 30, maxMs: Number.POSITIVE_INFINITY };
  expect(await warmUpUntilSteady(growing, endless)).toEqual({ runs: 30, isSteady: false });
  const slow = await warmUpUntilSteady(async () => 400, { ...LIMITS, maxMs: 1_000 });
  expect(slow).toEqual({ runs: 3, isSteady: false });
});

test('quantiles are values that were measured, from the least to the most', () => {
  expect(quantile([1, 2, 3, 4], 0.5)).toBe(2);
  expect(quantile([1, 2, 3, 4], 0.99)).toBe(4);
  const points = distribution([3, 1, 2]);
  expect([points[0], points[20], points[40], points.length]).toEqual([1, 2, 3, 41]);
});
