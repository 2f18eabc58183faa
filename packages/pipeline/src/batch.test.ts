import type { Tensors } from '@nearside/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { joinBatch, splitBatch } from './batch.js';

function item(...data: number[]): Tensors {
  return { x: { datatype: 'FP32', shape: [1, data.length], data: Float32Array.from(data) } };
}

test('items join along axis 0 in their order', () => {
  expect(joinBatch([item(1, 2), item(3, 4), item(5, 6)])).toEqual({
    x: { datatype: 'FP32', shape: [3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
  });
});

test('splitting undoes joining', () => {
  const rows = fc.array(fc.tuple(fc.float(), fc.bigInt({ min: 0n, max: 9n }), fc.string()), {
    minLength: 1,
    maxLength: 8,
  });
  fc.assert(
    fc.property(rows, (rows) => {
      const items = rows.map(
        ([float, integer, text]): Tensors => ({
          float: { datatype: 'FP32', shape: [1, 1, 2], data: Float32Array.of(float, 1) },
          integer: { datatype: 'INT64', shape: [1], data: BigInt64Array.of(integer) },
          text: { datatype: 'BYTES', shape: [1, 1], data: [text] },
        }),
      );
      expect(splitBatch(joinBatch(items), items.length)).toEqual(items);
    }),
  );
});

test('the parts of a view are cut from the view, each into memory of its own', () => {
  const data = Float32Array.of(0, 1, 2, 3, 4).subarray(1);
  const whole: Tensors = { x: { datatype: 'FP32', shape: [2, 2], data } };
  const parts = splitBatch(whole, 2);
  expect(parts).toEqual([item(1, 2), item(3, 4)]);
  expect(parts.map(({ x }) => (x as { data: Float32Array }).data.buffer.byteLength)).toEqual([
    8, 8,
  ]);
  expect(joinBatch([whole])).toEqual(whole);
});

test('an output with several rows an item is split evenly', () => {
  const boxes: Tensors = { x: { datatype: 'INT8', shape: [4, 1], data: Int8Array.of(1, 2, 3, 4) } };
  expect(splitBatch(boxes, 2).map(({ x }) => [x?.shape, x?.data])).toEqual([
    [[2, 1], Int8Array.of(1, 2)],
    [[2, 1], Int8Array.of(3, 4)],
  ]);
});

test('items of different forms do not join', () => {
  const named: Tensors = { y: item(1).x as never };
  const integers: Tensors = { x: { datatype: 'INT32', shape: [1, 1], data: Int32Array.of(1) } };
  const scalar: Tensors = { x: { datatype: 'FP32', shape: [], data: Float32Array.of(1) } };
  for (const other of [item(1, 2), named, integers, scalar, { ...item(1), ...named }, {}]) {
    expect(() => joinBatch([item(1), other])).toThrow(RangeError);
  }
  expect(() => joinBatch([scalar, scalar])).toThrow(RangeError);
  expect(() => joinBatch([])).toThrow(RangeError);
});

test('a batch that cannot be cut evenly is refused', () => {
  const three = joinBatch([item(1), item(2), item(3)]);
  for (const count of [2, 0, -1, 1.5]) {
    expect(() => splitBatch(three, count)).toThrow(RangeError);
  }
});
