import { expect, test } from 'vitest';
import { fSurvival, tQuantile, tSurvival } from './distributions.js';

// Values of SciPy 1.15: stats.f.sf, stats.t.sf, stats.t.isf.

test.each([
  [1, 1, 1, 0.5000000000000001],
  [3, 2, 10, 0.095367431640625],
  [24.3, 3.7, 233.1, 6.421200599238429e-16],
  [0.2, 9, 500, 0.9941365558434301],
  [6, 63, 9, 0.0033521361202929877],
  [40, 1.5, 62, 3.1493081620571157e-10],
])('the tail of F above %d with %d and %d degrees of freedom is that of SciPy', (f, a, b, tail) => {
  expect(fSurvival(f, a, b) / tail).toBeCloseTo(1, 10);
});

test.each([
  [0.5, 1, 0.3524163823495668],
  [2, 7.5, 0.04144849764908311],
  [4, 62, 8.568739249945353e-5],
  [-1.3, 20, 0.8958077522433066],
  [12, 3, 0.000622507900394668],
])('the tail of t above %d with %d degrees of freedom is that of SciPy', (t, df, tail) => {
  expect(tSurvival(t, df) / tail).toBeCloseTo(1, 10);
});

test.each([
  [0.025, 63, 1.9983405425207414],
  [0.005, 8, 3.3553873313333966],
  [0.4, 2, 0.28867513459481275],
  [1e-6, 55, 5.3144816696306165],
])('the t above which %d lies with %d degrees of freedom is that of SciPy', (tail, df, t) => {
  expect(tQuantile(tail, df)).toBeCloseTo(t, 10);
});

test('nothing lies above infinity, and all above 0', () => {
  expect(fSurvival(Number.POSITIVE_INFINITY, 3, 60)).toBe(0);
  expect(fSurvival(0, 3, 60)).toBe(1);
});
