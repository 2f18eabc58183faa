import { HISTOGRAM_SCALES, type HistogramPath } from '@nearside/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Counts } from '../counting/counts.js';
import { addPacked, packHistograms, readPacked } from './packed-histograms.js';

const PATHS = Object.keys(HISTOGRAM_SCALES) as HistogramPath[];

const histogram = fc.record({
  z: fc.maxSafeNat(),
  sum: fc.double({ min: 0, max: 1e300, noNaN: true }),
  b: fc.dictionary(
    fc.integer({ min: -160, max: 255 }).map(String),
    fc.integer({ min: 1, max: 2 ** 50 }),
  ),
});
const histograms: fc.Arbitrary<NonNullable<Counts['histograms']>> = fc
  .dictionary(fc.constantFrom(...PATHS), histogram)
  .map((given) => JSON.parse(JSON.stringify(given)));

test('what was packed is read again, all of it or one path', () => {
  fc.assert(
    fc.property(histograms, fc.constantFrom(...PATHS), (given, path) => {
      const packed = packHistograms(given);
      const all = {};
      addPacked(all, packed);
      expect(all).toEqual(given);
      const sums: number[] = [];
      readPacked(packed, new Set([path]), (_path, _zeros, sum) => {
        sums.push(sum);
        return () => {};
      });
      expect(sums).toEqual(given[path] ? [given[path].sum] : []);
    }),
  );
});

test('adding what is packed adds count by count', () => {
  const sum = { 'latency.total': { z: 1, sum: 2, b: { 3: 4, '-3': 1 } } };
  addPacked(sum, packHistograms({ 'latency.total': { z: 1, sum: 1.5, b: { 3: 1, 300: 2 } } }));
  expect(sum).toEqual({ 'latency.total': { z: 2, sum: 3.5, b: { 3: 5, '-3': 1, 300: 2 } } });
});

test('every path of a report has a place', () => {
  for (const path of PATHS) {
    const packed = packHistograms({ [path]: { z: 1, sum: 1, b: {} } });
    expect(packed.length).toBeGreaterThan(8);
  }
});
