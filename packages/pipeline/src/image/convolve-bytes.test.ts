import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { COMPILED, compile } from '../../assembly/compile.mjs';
import { extremes, noise } from '../../fixtures/noise.js';
import { PLAIN_KERNEL } from './convolve-bytes.js';
import { openSimdKernel } from './convolve-bytes-simd.js';
import { type Image, imageOnDemand } from './image.js';
import { resize } from './resize.js';

const simd = openSimdKernel() ?? missing();
const side = fc.integer({ min: 1, max: 70 });
const channels = fc.constantFrom(1, 3);
const resample = fc.constantFrom(1, 2, 3);

test('what is committed is what AssemblyScript makes of the source', async () => {
  expect(await readFile(COMPILED, 'utf8')).toBe(await compile());
});

describe('the kernel with SIMD gives every byte that the plain one gives', () => {
  test('for any size, filter and number of channels, and values at both ends', () => {
    fc.assert(
      fc.property(
        fc.tuple(side, side, side, side),
        fc.record({ channels, resample, antialias: fc.boolean() }),
        fc.constantFrom(noise, extremes),
        ([width, height, toWidth, toHeight], { channels, resample, ...rest }, pattern) => {
          const data = pattern(width * height * channels, width + 71 * height);
          const antialias = rest.antialias || resample !== 2;
          const size = { width: toWidth, height: toHeight, resample, antialias };
          expectSame({ width, height, channels, data }, size);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('for pictures that are read in strips of four bytes a pixel', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 50, max: 90 }),
        fc.integer({ min: 2, max: 6 }),
        side,
        resample,
        (width, more, to, resample) => {
          const height = Math.ceil((more * 2 ** 17) / width); // one to three strips
          expectSame(inStrips(width, height), { width: to, height: 3, resample });
        },
      ),
      { numRuns: 4 },
    );
  });

  test.each([
    ['one row', 9_001, 1],
    ['one column', 1, 9_001],
    ['more rows than one block holds', 1_000, 3_001],
  ])('for %s', (_, width, height) => {
    for (const resample of [1, 2] as const) {
      const data = extremes(width * height * 3, 5);
      expectSame({ width, height, channels: 3, data }, { width: 300, height: 40, resample });
      expectSame({ width, height, channels: 3, data }, { width: 3, height: 2, resample });
    }
  });

  test('for columns whose window is larger than a block', () => {
    const [width, height] = [2_000, 400];
    const data = noise(width * height * 3, 6);
    expectSame({ width, height, channels: 3, data }, { width, height: 2, resample: 3 });
  });
});

function expectSame(image: Image, options: Parameters<typeof resize>[1]): void {
  const fast = resize(image, options, simd).data;
  const plain = resize(image, options, PLAIN_KERNEL).data;
  expect(fast.length).toBe(plain.length);
  const differing = fast.findIndex((value, i) => value !== plain[i]);
  expect(differing).toBe(-1);
}

function missing(): never {
  throw new Error('This engine has no SIMD.');
}

/** Read as a canvas is: RGBA whose alpha means nothing. */
function inStrips(width: number, height: number): Image {
  const rgba = Uint8ClampedArray.from(noise(width * height * 4, width));
  return imageOnDemand({ width, height, channels: 3 }, ({ y, height }) => {
    const data = rgba.slice(y * width * 4, (y + height) * width * 4);
    return { data, stride: 4 };
  });
}
