import fc from 'fast-check';
import { expect, test } from 'vitest';
import { noise } from '../../fixtures/noise.js';
import { normalize } from '../steps/normalize.js';
import { rescale } from '../steps/rescale.js';
import { toTensor } from '../steps/to-tensor.js';
import type { Image } from './image.js';

const number = fc.float({ min: -300, max: 300, noNaN: true });
const three = fc.tuple(number, number, number);
const notZero = fc.float({ min: Math.fround(0.01), max: 300, noNaN: true });
const threeNotZero = fc.tuple(notZero, notZero, notZero);

test('of bytes, one pass over the pixels gives every bit that a pass for each step gives', () => {
  fc.assert(
    fc.property(
      fc.record({
        width: fc.integer({ min: 1, max: 40 }),
        height: fc.integer({ min: 1, max: 30 }),
      }),
      fc.record({ factor: number, mean: three, std: threeNotZero, isGray: fc.boolean() }),
      fc.constantFrom('rescale', 'normalize', 'rescale, normalize', 'normalize, rescale'),
      (size, { factor, mean, std, isGray }, order) => {
        const channels = isGray ? 1 : 3;
        const bytes = noise(size.width * size.height * channels, 3);
        const steps = (image: Image) =>
          order
            .split(', ')
            .reduce(
              (before, name) =>
                name === 'rescale'
                  ? rescale(before, factor)
                  : normalize(before, mean.slice(0, channels), std.slice(0, channels)),
              image,
            );
        const fused = steps({ ...size, channels, data: bytes });
        const passes = steps({ ...size, channels, data: Float32Array.from(bytes) });
        expect([fused.levels !== undefined, passes.levels]).toEqual([true, undefined]);
        for (const layout of ['NCHW', 'NHWC'] as const) {
          expect(toTensor(fused, layout)).toEqual(toTensor(passes, layout));
        }
        expect(fused.data).toEqual(passes.data);
      },
    ),
  );
});
