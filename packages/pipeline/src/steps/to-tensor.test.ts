import { expect, test } from 'vitest';
import { toTensor } from './to-tensor.js';

// 2 rows × 2 columns: each value is row, column, channel.
const rgb = {
  width: 2,
  height: 2,
  channels: 3,
  data: Uint8Array.of(0, 1, 2, 10, 11, 12, 100, 101, 102, 110, 111, 112),
} as const;

test('NCHW puts the channels before the rows', () => {
  expect(toTensor(rgb, 'NCHW')).toEqual({
    datatype: 'FP32',
    shape: [1, 3, 2, 2],
    data: Float32Array.of(0, 10, 100, 110, 1, 11, 101, 111, 2, 12, 102, 112),
  });
});

test('NHWC keeps the channels within each pixel', () => {
  expect(toTensor(rgb, 'NHWC')).toEqual({
    datatype: 'FP32',
    shape: [1, 2, 2, 3],
    data: Float32Array.from(rgb.data),
  });
});

test('height comes before width', () => {
  const wide = { width: 3, height: 1, channels: 1, data: Float32Array.of(1, 2, 3) } as const;
  expect(toTensor(wide, 'NCHW').shape).toEqual([1, 1, 1, 3]);
  expect(toTensor(wide, 'NHWC').shape).toEqual([1, 1, 3, 1]);
});

test('the tensor has memory of its own', () => {
  const image = { width: 1, height: 1, channels: 1, data: Float32Array.of(1) } as const;
  for (const layout of ['NCHW', 'NHWC'] as const) {
    const { data } = toTensor(image, layout);
    expect((data as Float32Array).buffer).not.toBe(image.data.buffer);
  }
});
