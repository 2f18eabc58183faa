import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  bucketIndex,
  bucketsOf,
  bucketUpperBound,
  createHistogram,
  histogramFromJson,
  histogramToJson,
  merge,
  quantile,
  record,
  total,
} from './histogram.js';

const values = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1 });

function sketch(numbers: readonly number[], scale = 3) {
  const histogram = createHistogram(scale);
  for (const number of numbers) record(histogram, number);
  return histogram;
}

test('merging two histograms equals counting all values in one', () => {
  fc.assert(
    fc.property(values, values, (a, b) => {
      const merged = sketch(a);
      merge(merged, sketch(b));
      const together = sketch([...a, ...b]);
      expect([...bucketsOf(merged)]).toEqual([...bucketsOf(together)]);
      expect(merged.zeros).toBe(together.zeros);
    }),
  );
});

test('a value lies within the bounds of its bucket', () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-5, max: 1e8, noNaN: true }), (value) => {
      const index = bucketIndex(value, 3);
      expect(value).toBeGreaterThan(bucketUpperBound(index - 1, 3) * (1 - 1e-12));
      expect(value).toBeLessThanOrEqual(bucketUpperBound(index, 3) * (1 + 1e-12));
    }),
  );
});

test('a quantile is within 4.34 % of the exact nearest-rank quantile at scale 3', () => {
  const positive = fc.array(fc.double({ min: 1e-3, max: 1e6, noNaN: true }), { minLength: 1 });
  fc.assert(
    fc.property(positive, fc.double({ min: 0.01, max: 1, noNaN: true }), (numbers, q) => {
      const sorted = [...numbers].sort((a, b) => a - b);
      const exact = sorted[Math.max(1, Math.ceil(q * sorted.length)) - 1] as number;
      const estimate = quantile(sketch(numbers), q) as number;
      expect(Math.abs(estimate - exact) / exact).toBeLessThan(0.0434);
    }),
  );
});

test('a finer histogram folds into a coarser one exactly', () => {
  fc.assert(
    fc.property(values, (numbers) => {
      const coarse = createHistogram(2);
      merge(coarse, sketch(numbers, 3));
      expect(total(coarse)).toBe(numbers.length);
      expect([...bucketsOf(coarse)]).toEqual([...bucketsOf(sketch(numbers, 2))]);
    }),
  );
});

test('the wire form restores every count', () => {
  fc.assert(
    fc.property(values, (numbers) => {
      const histogram = sketch(numbers);
      const restored = histogramFromJson(JSON.parse(JSON.stringify(histogramToJson(histogram))));
      expect([...bucketsOf(restored)]).toEqual([...bucketsOf(histogram)]);
      expect(total(restored)).toBe(numbers.length);
    }),
  );
});

test('an empty histogram has no quantile', () => {
  expect(quantile(createHistogram(3), 0.5)).toBeUndefined();
});

test('a negative value is refused', () => {
  expect(() => record(createHistogram(3), -1)).toThrow(RangeError);
});
