import { describe, expect, test } from 'vitest';
import { noise } from '../../fixtures/noise.js';
import known from '../../fixtures/resize.json' with { type: 'json' };
import { resize } from './resize.js';

/** Of values from 0 to 1. */
const FLOAT_ERROR = 1e-5;

describe('bytes without antialiasing are OpenCV’s, bit for bit', () => {
  test.each(known.opencv)('$channels channels, $from to $to', (entry) => {
    const { channels, from, to } = entry;
    const [width = 0, height = 0] = from;
    const data = noise(width * height * channels, entry.seed);
    const image = { width, height, channels: channels as 1 | 3, data };
    const resized = resize(image, { ...sizeOf(to), resample: 2, antialias: false });
    const expected = new Uint8Array(Buffer.from(entry.base64, 'base64'));
    expect(resized.data).toEqual(new Uint8ClampedArray(expected));
  });
});

describe('floats without antialiasing are torch’s within 1e-5', () => {
  test.each(known.torch)('corners aligned: $alignCorners, $from to $to', (entry) => {
    const [width = 0, height = 0] = entry.from;
    const data = Float32Array.from(noise(width * height, entry.seed), (byte) => byte / 255);
    const resized = resize(
      { width, height, channels: 1, data },
      {
        ...sizeOf(entry.to),
        resample: 2,
        antialias: false,
        alignCorners: entry.alignCorners,
      },
    );
    const expected = new Float32Array(new Uint8Array(Buffer.from(entry.base64, 'base64')).buffer);
    expect(largestDifference(resized.data, expected)).toBeLessThanOrEqual(FLOAT_ERROR);
  });
});

test('filters that have no form without antialiasing are refused', () => {
  const image = { width: 4, height: 4, channels: 1, data: new Uint8Array(16) } as const;
  const size = { width: 2, height: 2, antialias: false };
  expect(() => resize(image, { ...size, resample: 3 })).toThrow(RangeError);
});

function sizeOf([width = 0, height = 0]: number[]) {
  return { width, height };
}

function largestDifference(got: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(got.length).toBe(expected.length);
  return Array.from(got, (value, i) => Math.abs(value - (expected[i] as number))).reduce(
    (most, difference) => Math.max(most, difference),
    0,
  );
}
