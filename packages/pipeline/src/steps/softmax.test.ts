import fc from 'fast-check';
import { expect, test } from 'vitest';
import numpy from '../../fixtures/numpy.json' with { type: 'json' };
import { softmax } from './softmax.js';

const logits = fc.array(fc.double({ min: -1e4, max: 1e4, noNaN: true }), { minLength: 1 });

test.each(numpy.softmax)('softmax equals numpy within 1e-12 for $logits', (entry) => {
  const { logits, probabilities } = entry;
  const result = softmax(logits.flat(), logits[0]?.length ?? 0);
  probabilities.flat().forEach((expected, i) => {
    expect(Math.abs((result[i] as number) - expected)).toBeLessThan(1e-12);
  });
});

test('probabilities lie between 0 and 1 and sum to 1', () => {
  fc.assert(
    fc.property(logits, (row) => {
      const probabilities = softmax(row, row.length);
      expect(probabilities.every((p) => p >= 0 && p <= 1)).toBe(true);
      expect(probabilities.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
    }),
  );
});

test('adding a constant to all logits changes nothing', () => {
  fc.assert(
    fc.property(logits, fc.double({ min: -1e3, max: 1e3, noNaN: true }), (row, shift) => {
      const shifted = softmax(
        row.map((x) => x + shift),
        row.length,
      );
      softmax(row, row.length).forEach((p, i) => {
        expect(shifted[i]).toBeCloseTo(p, 9);
      });
    }),
  );
});

test('float32 logits are read without loss', () => {
  expect(softmax(Float32Array.of(1.5, -2.25), 2)).toEqual(softmax([1.5, -2.25], 2));
});

test('a NaN makes its own row NaN and no other', () => {
  const result = softmax([1, Number.NaN, 1, 1], 2);
  expect([...result]).toEqual([Number.NaN, Number.NaN, 0.5, 0.5]);
});

test('a logit of −∞ has probability 0, one of +∞ has none', () => {
  expect([...softmax([Number.NEGATIVE_INFINITY, 3], 2)]).toEqual([0, 1]);
  expect([...softmax([Number.POSITIVE_INFINITY, 3], 2)]).toEqual([Number.NaN, Number.NaN]);
});

test.each([0, 2.5, -1, 3])('rows of %s do not divide 4 logits and are refused', (lastAxis) => {
  expect(() => softmax([1, 2, 3, 4], lastAxis)).toThrow(RangeError);
});
