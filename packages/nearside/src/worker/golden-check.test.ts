import type { Golden, StoredTensor, Tensor } from '@nearside/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkGolden, findMismatch } from './golden-check.js';

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

test('half-precision floats are compared as the numbers that their bits stand for', () => {
  const half = (...bits: number[]): Tensor => ({
    datatype: 'FP16',
    shape: [bits.length, 1],
    data: Uint16Array.from(bits),
  });
  const [one, oneAndAHalf, most, infinity, nan] = [0x3c00, 0x3e00, 0x7bff, 0x7c00, 0x7e00];
  const loose = { abs: 0, rel: 0.04 };
  expect(findMismatch(half(one, most), half(one, most), loose)).toBeUndefined();
  expect(findMismatch(half(oneAndAHalf), half(one), loose)).toMatch('got 1.5');
  expect(findMismatch(half(nan), half(most), loose)).toMatch('got NaN');
  expect(findMismatch(half(infinity), half(most), loose)).toMatch('got Infinity');
  // Either sign of zero, whose bits are far apart.
  expect(findMismatch(half(0x8000), half(0), loose)).toBeUndefined();
});

test('a reference that is not finite is reproduced by nothing', () => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    for (const got of [value, 1]) {
      expect(findMismatch(tensor([got]), tensor([value]), tolerance)).toMatch('to be finite');
    }
  }
});

test('numbers of 64 bits are compared exactly, other datatypes as the numbers they are', () => {
  const exact = { abs: 0, rel: 0 };
  const large = (low: bigint): Tensor => ({
    datatype: 'INT64',
    shape: [1, 2],
    data: BigInt64Array.of(2n ** 62n + low, 2n ** 62n),
  });
  expect(findMismatch(large(1n), large(1n), exact)).toBeUndefined();
  expect(findMismatch(large(2n), large(1n), exact)).toMatch(`got ${2n ** 62n + 2n}`);
  expect(findMismatch(large(2n), large(1n), { abs: 1, rel: 0 })).toBeUndefined();
  const others: Tensor[][] = [
    [
      { datatype: 'BOOL', shape: [1], data: Uint8Array.of(1) },
      { datatype: 'BOOL', shape: [1], data: Uint8Array.of(0) },
    ],
    [
      { datatype: 'INT8', shape: [1], data: Int8Array.of(-128) },
      { datatype: 'INT8', shape: [1], data: Int8Array.of(127) },
    ],
    [
      { datatype: 'UINT32', shape: [1], data: Uint32Array.of(2 ** 32 - 1) },
      { datatype: 'UINT32', shape: [1], data: Uint32Array.of(0) },
    ],
    [
      { datatype: 'FP64', shape: [1], data: Float64Array.of(1 + Number.EPSILON) },
      { datatype: 'FP64', shape: [1], data: Float64Array.of(1) },
    ],
  ];
  for (const [got, wanted] of others as [Tensor, Tensor][]) {
    expect(findMismatch(wanted, wanted, exact)).toBeUndefined();
    expect(findMismatch(got, wanted, exact)).toMatch('element 0');
  }
});

test('a reference of fewer values than its shape says proves nothing', () => {
  expect(findMismatch(tensor([1, 2]), tensor([1], [1, 2]), tolerance)).toMatch('2 values');
});

test('a case that leaves an output out proves nothing', async () => {
  const session = { run: async () => ({ logits: tensor([1]), boxes: tensor([2]) }) };
  const stored: StoredTensor = { datatype: 'FP32', shape: [1, 1], file: 'one.bin' };
  const check = (expected: Record<string, StoredTensor>) => {
    const golden: Golden = {
      format: 1,
      cases: [{ name: 'one', inputs: {}, expected: { fp32: expected } }],
      tolerance: { fp32: tolerance },
    };
    const files = new Map([['one.bin', new Uint8Array(Float32Array.of(1).buffer)]]);
    const options = {
      spec: { inputs: [], outputs: [] },
      variant: { name: 'fp32' },
      files,
      backend: 'onnx-wasm',
      scope: 'all',
    };
    return checkGolden([session] as never, golden, options as never);
  };
  const code = 'golden-mismatch';
  await expect(check({})).rejects.toMatchObject({ code });
  await expect(check({ logits: stored })).rejects.toMatchObject({ code });
  await expect(check({ logits: stored, boxes: stored })).rejects.toThrow("output 'boxes'");
});

test('of a reference that has each third value alone, those are compared, and none between', () => {
  const output = tensor([1, 9, 9, 2, 9, 9, 3]);
  const some = { ...tensor([1, 2, 3], [1, 7]) };
  expect(findMismatch(output, some, tolerance, 3)).toBeUndefined();
  expect(findMismatch(tensor([1, 9, 9, 5, 9, 9, 3]), some, tolerance, 3)).toMatch(
    'element 3 to be 2',
  );
  expect(findMismatch(output, tensor([1, 2], [1, 7]), tolerance, 3)).toMatch('3 values');
});
