import { expect, test } from 'vitest';
import { worstShare } from './correctness.ts';

const BOUNDS = { abs: 0.1, rel: 0.01 };

test('a difference counts by what is allowed at that value', () => {
  const share = worstShare({ y: [10.1, 0] }, { y: [10, 0] }, BOUNDS);
  expect(share).toBeCloseTo(0.5);
});

test.each([
  ['NaN', [Number.NaN]],
  ['too few values', []],
  ['infinity', [Number.POSITIVE_INFINITY]],
])('%s is wrong, whatever is allowed', (_, got) => {
  expect(worstShare({ y: got }, { y: [1] }, BOUNDS)).toBeGreaterThan(1e6);
});

test('an output that is missing is wrong', () => {
  expect(worstShare({}, { y: [1] }, BOUNDS)).toBeGreaterThan(1);
});
