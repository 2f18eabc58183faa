import { expect, test } from 'vitest';
import { noise } from '../../fixtures/noise.js';
import numpy from '../../fixtures/numpy.json' with { type: 'json' };
import { normalize } from './normalize.js';
import { rescale } from './rescale.js';

const image = { width: 11, height: 7, channels: 3, data: noise(11 * 7 * 3, 5) } as const;
const mean = [0.485, 0.456, 0.406];
const std = [0.229, 0.224, 0.225];

test('rescaling equals numpy bit for bit', () => {
  expect(rescale(image, 0.00392156862745098).data).toEqual(floats(numpy.rescaled));
});

test('normalising equals numpy in float32 bit for bit', () => {
  const normalized = normalize(rescale(image, 0.00392156862745098), mean, std);
  expect(normalized.data).toEqual(floats(numpy.normalized));
});

test('mean and std with another number of values than channels are refused', () => {
  expect(() => normalize(image, [0.5], std)).toThrow(RangeError);
  expect(() => normalize(image, mean, [0.5])).toThrow(RangeError);
});

test('a std of zero is refused', () => {
  expect(() => normalize(image, mean, [1, 0, 1])).toThrow(RangeError);
});

function floats(base64: string): Float32Array {
  return new Float32Array(new Uint8Array(Buffer.from(base64, 'base64')).buffer);
}
