import { expect, test } from 'vitest';
import { readRanges, writeRanges } from './function-list.mjs';

test('functions are written in ranges, and read as they were', () => {
  expect(writeRanges([12, 3, 4, 10])).toBe('3+2 5+1 1+1');
  expect(readRanges('3+2 5+1 1+1')).toEqual([3, 4, 10, 12]);
  expect(readRanges(writeRanges([]))).toEqual([]);
});
