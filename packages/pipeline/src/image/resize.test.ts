import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { extremes, noise } from '../../fixtures/noise.js';
import pillow from '../../fixtures/pillow.json' with { type: 'json' };
import { PLAIN_KERNEL } from './convolve-bytes.js';
import { openSimdKernel } from './convolve-bytes-simd.js';
import type { Image } from './image.js';
import { resize } from './resize.js';

const FILTER_NAMES = ['nearest', 'Lanczos', 'bilinear', 'bicubic'] as const;
const filter = fc.constantFrom(0, 1, 2, 3);
const side = fc.integer({ min: 1, max: 40 });
const channels = fc.constantFrom(1, 3);

describe.each([
  ['with SIMD', openSimdKernel()],
  ['without', PLAIN_KERNEL],
])('8-bit images resized as Pillow resizes them, bit for bit, %s', (_, kernel) => {
  test('the kernel runs here', () => expect(kernel).toBeDefined());

  test.each(pillow.resizeBytes.map((entry) => ({ ...entry, name: FILTER_NAMES[entry.resample] })))(
    '$channels channels of $pattern, $from to $to, $name',
    (entry) => {
      const [width = 0, height = 0] = entry.from;
      const pattern = entry.pattern === 'noise' ? noise : extremes;
      const data = pattern(width * height * entry.channels, entry.seed);
      const resized = resize(
        { width, height, channels: entry.channels as 1 | 3, data },
        target(entry),
        kernel,
      );
      const bytes = Buffer.from(resized.data.buffer as ArrayBuffer);
      if (entry.base64 !== undefined) expect(bytes.toString('base64')).toBe(entry.base64);
      else expect(createHash('sha256').update(bytes).digest('hex')).toBe(entry.sha256);
      expect([resized.width, resized.height]).toEqual(entry.to);
    },
  );
});

describe('float images resized as Pillow resizes mode F', () => {
  test.each(pillow.resizeFloats.map((entry) => ({ ...entry, name: FILTER_NAMES[entry.resample] })))(
    '$from to $to, $name',
    (entry) => {
      const [width = 0, height = 0] = entry.from;
      const data = Float32Array.from(noise(width * height, entry.seed), (byte) => byte - 100.5);
      const resized = resize({ width, height, channels: 1, data }, target(entry));
      const expected = new Float32Array(new Uint8Array(Buffer.from(entry.base64, 'base64')).buffer);
      expect(resized.data).toEqual(expected);
    },
  );
});

test('each channel of a float image is resized by itself', () => {
  const planes = [1, 2, 3].map((seed) => Float32Array.from(noise(9 * 7, seed)));
  const interleaved = Float32Array.from(
    { length: 9 * 7 * 3 },
    (_, i) => planes[i % 3]?.[Math.floor(i / 3)] ?? 0,
  );
  const size = { width: 4, height: 12, resample: 3 as const };
  const together = resize({ width: 9, height: 7, channels: 3, data: interleaved }, size);
  planes.forEach((data, c) => {
    const alone = resize({ width: 9, height: 7, channels: 1, data }, size);
    expect(together.data.filter((_, i) => i % 3 === c)).toEqual(alone.data);
  });
});

test('an image of one colour keeps it in every size and with every filter', () => {
  fc.assert(
    fc.property(
      fc.tuple(side, side, side, side),
      channels,
      filter,
      fc.array(fc.nat(255), { minLength: 3, maxLength: 3 }),
      ([fromWidth, fromHeight, width, height], channels, resample, color) => {
        const image = paint(fromWidth, fromHeight, channels, color);
        expect(resize(image, { width, height, resample }).data).toEqual(
          paint(width, height, channels, color).data,
        );
      },
    ),
  );
});

test('an image that has the size already is returned as it is', () => {
  fc.assert(
    fc.property(side, side, filter, (width, height, resample) => {
      const image = { width, height, channels: 3, data: noise(width * height * 3, 7) } as const;
      expect(resize(image, { width, height, resample })).toBe(image);
    }),
  );
});

test('the input is left unchanged, also when it is a view into a larger buffer', () => {
  const whole = noise(4 + 6 * 5 * 3, 3);
  const before = whole.slice();
  const view = { width: 6, height: 5, channels: 3, data: whole.subarray(4) } as const;
  const copy = { ...view, data: whole.slice(4) };
  const size = { width: 3, height: 9, resample: 2 } as const;
  expect(resize(view, size)).toEqual(resize(copy, size));
  expect(whole).toEqual(before);
});

test.each([0, -1, 2.5, Number.NaN])('a side of %s is refused', (width) => {
  const image = paint(2, 2, 1, [0]);
  expect(() => resize(image, { width, height: 2, resample: 2 })).toThrow(RangeError);
  expect(() => resize(image, { width: 2, height: width, resample: 2 })).toThrow(RangeError);
});

function target({ to: [width = 0, height = 0], resample }: { to: number[]; resample: number }) {
  return { width, height, resample: resample as 0 | 1 | 2 | 3 };
}

function paint(width: number, height: number, channels: 1 | 3, color: readonly number[]): Image {
  const data = Uint8ClampedArray.from(
    { length: width * height * channels },
    (_, i) => color[i % channels] as number,
  );
  return { width, height, channels, data };
}
