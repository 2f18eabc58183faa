import { expect, test } from 'vitest';
import { formatMsRange, formatShare } from './words.ts';

test('a share is never rounded to 0 or 100% while it is neither', () => {
  expect([0, 0.00001, 0.0042, 0.714, 0.9916, 0.99999, 1].map(formatShare)).toEqual([
    '0%',
    '<0.01%',
    '0.42%',
    '71.4%',
    '99.16%',
    '>99.99%',
    '100%',
  ]);
});

test('two times have one unit where they share it', () => {
  expect(formatMsRange([0.11, 0.114])).toBe('0.11 ms');
  expect(formatMsRange([0.11, 112])).toBe('0.11–112 ms');
  expect(formatMsRange([9_000, 12_000])).toBe('9,000 ms – 12.0 s');
});
