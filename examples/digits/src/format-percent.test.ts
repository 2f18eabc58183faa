import { expect, test } from 'vitest';
import { formatPercent } from './format-percent.js';

test('a share has one decimal and no space, and is 0% or 100% only where it is none or all', () => {
  const shares = [0, 0.0004, 0.001, 0.544, 0.97349, 0.9989, 0.9997, 1 - 1e-9, 1];
  expect(shares.map(formatPercent)).toEqual([
    ...['0%', '<0.1%', '0.1%', '54.4%', '97.3%', '99.9%', '>99.9%', '>99.9%', '100%'],
  ]);
});
