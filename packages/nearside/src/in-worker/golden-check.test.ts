import type { Tensor } from '@nearside/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findMismatch } from './golden-check.js';

const tensor = (values: number[], shape = [1, values.length]): Tensor => ({
  datatype: 'FP32',
  shape,
  data: Float32Array.from(values),
});
const tolerance = { abs: 0.1, rel: 0.01 };

test('an output equals itself', () => {
  fc.assert(
    fc.property(
      fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 1 }),
      (values) => {
        expect(findMismatch(tensor(values), tensor(values), tolerance)).toBeUndefined();
      },
    ),
  );
});

test('a value is allowed abs + rel·|expected| and no more', () => {
  expect(findMismatch(tensor([10.19, 0]), tensor([10, 0]), tolerance)).toBeUndefined();
  expect(findMismatch(tensor([10.21, 0]), tensor([10, 0]), tolerance)).toMatch('element 0');
});

test('a value that is not finite fails, whatever the tolerance', () => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    expect(findMismatch(tensor([value, 0]), tensor([1, 0]), { abs: 1e9, rel: 1 })).toMatch('got');
  }
});

test('another largest element fails where the reference is sure, and passes where it is not', () => {
  // Each row is within the tolerance per element; only the order differs.
  const loose = { abs: 0, rel: 0.3 };
  expect(findMismatch(tensor([1, 1.1]), tensor([1.2, 1]), loose)).toMatch('row 0');
  expect(findMismatch(tensor([1, 1.1]), tensor([1.05, 1.04]), tolerance)).toBeUndefined();
});

test('another shape fails before any value is read', () => {
  expect(findMismatch(tensor([1, 2], [2, 1]), tensor([1, 2]), tolerance)).toMatch('shape [1, 2]');
  expect(findMismatch(undefined, tensor([1, 2]), tolerance)).toMatch('no tensor');
});
