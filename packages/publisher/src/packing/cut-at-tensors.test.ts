import { MAX_CHUNK_BYTES } from '@nearside/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CUT_LIMITS, cutAtTensors, nameBySlice, type TensorExtent } from './cut-at-tensors.js';

const { ownChunkBytes, sharedChunkBytes } = CUT_LIMITS;

/** Sizes around every limit. */
const size = fc.oneof(
  fc.nat(2000),
  fc.nat(2 * ownChunkBytes),
  fc.nat(3 * MAX_CHUNK_BYTES),
  fc.constantFrom(ownChunkBytes - 1, ownChunkBytes, sharedChunkBytes, MAX_CHUNK_BYTES),
);

/** What lies between tensors: names and shapes, the padding of an aligned file, a graph's nodes. */
const headers = fc.nat(80);
const anything = fc.oneof(fc.constant(0), headers, fc.nat(2 * MAX_CHUNK_BYTES));

function fileWith(gap: fc.Arbitrary<number>) {
  return fc
    .tuple(fc.array(fc.record({ gap, size }), { maxLength: 40 }), gap)
    .map(([parts, tail]) => {
      let offset = 0;
      const tensors = parts.map(({ gap, size }, i): TensorExtent => {
        offset += gap + size;
        return { name: `t${i}`, offset: offset - size, sizeBytes: size };
      });
      return { fileBytes: offset + tail, tensors };
    });
}

const file = fileWith(anything);

function starts(sizes: readonly number[]): number[] {
  let offset = 0;
  return [0, ...sizes.map((sizeBytes) => (offset += sizeBytes))];
}

describe('slices of any file with any tensors', () => {
  test('are consecutive, cover the file, and none is empty or above 4 MiB', () => {
    fc.assert(
      fc.property(file, ({ fileBytes, tensors }) => {
        const sizes = cutAtTensors(fileBytes, tensors);
        expect(sizes.reduce((sum, sizeBytes) => sum + sizeBytes, 0)).toBe(fileBytes);
        expect(Math.max(...sizes)).toBeLessThanOrEqual(MAX_CHUNK_BYTES);
        if (fileBytes > 0) expect(Math.min(...sizes)).toBeGreaterThan(0);
      }),
    );
  });

  test('begin before and after every tensor of 64 KiB or more', () => {
    fc.assert(
      fc.property(file, ({ fileBytes, tensors }) => {
        const boundaries = new Set(starts(cutAtTensors(fileBytes, tensors)));
        for (const { offset, sizeBytes } of tensors) {
          if (sizeBytes < ownChunkBytes) continue;
          expect(boundaries).toContain(offset);
          expect(boundaries).toContain(offset + sizeBytes);
        }
      }),
    );
  });

  test('hold several small tensors only up to 256 KiB, and cut none in two', () => {
    fc.assert(
      fc.property(fileWith(headers), ({ fileBytes, tensors }) => {
        const sizes = cutAtTensors(fileBytes, tensors);
        const bounds = starts(sizes);
        for (const { offset, sizeBytes } of tensors) {
          if (sizeBytes >= ownChunkBytes) continue;
          const end = offset + sizeBytes;
          expect(bounds.filter((bound) => bound > offset && bound < end)).toEqual([]);
        }
        const large = tensors.filter(({ sizeBytes }) => sizeBytes >= ownChunkBytes);
        for (const [i, sizeBytes] of sizes.entries()) {
          const start = bounds[i] as number;
          const owned = large.some(({ offset, sizeBytes }) => {
            return offset <= start && start < offset + sizeBytes;
          });
          if (!owned) expect(sizeBytes).toBeLessThanOrEqual(sharedChunkBytes);
        }
      }),
    );
  });

  test('name every tensor once, in the slice it begins in', () => {
    fc.assert(
      fc.property(file, ({ fileBytes, tensors }) => {
        const sizes = cutAtTensors(fileBytes, tensors);
        const names = nameBySlice(sizes, tensors);
        const bounds = starts(sizes);
        expect(names).toHaveLength(sizes.length);
        expect(names.flat().sort()).toEqual(tensors.map(({ name }) => name).sort());
        for (const [i, inSlice] of names.entries()) {
          for (const { name, offset } of tensors) {
            if (!inSlice.includes(name)) continue;
            expect(offset).toBeGreaterThanOrEqual(bounds[i] as number);
            if (offset < fileBytes) expect(offset).toBeLessThan(bounds[i + 1] as number);
          }
        }
      }),
    );
  });
});

test('tensors on the same bytes, as tied weights are, are cut once and both named', () => {
  const tied = { offset: 100, sizeBytes: ownChunkBytes };
  const tensors = [
    { name: 'head', ...tied },
    { name: 'embedding', ...tied },
  ];
  const sizes = cutAtTensors(100 + ownChunkBytes, tensors);
  expect(sizes).toEqual([100, ownChunkBytes]);
  expect(nameBySlice(sizes, tensors)).toEqual([[], ['embedding', 'head']]);
});

test('a tensor above 4 MiB is cut at multiples of 4 MiB from where it begins', () => {
  const sizeBytes = 2 * MAX_CHUNK_BYTES + 7;
  const sizes = cutAtTensors(sizeBytes + 30, [{ name: 'big', offset: 10, sizeBytes }]);
  expect(sizes).toEqual([10, MAX_CHUNK_BYTES, MAX_CHUNK_BYTES, 7, 20]);
});

test('hundreds of thousands of tensors that claim the same bytes are cut in no time', () => {
  const tensors = Array.from({ length: 200_000 }, (_, i) => {
    return { name: `${i}`, offset: i, sizeBytes: CUT_LIMITS.ownChunkBytes };
  });
  const fileBytes = 200_000 + CUT_LIMITS.ownChunkBytes;
  const sizes = cutAtTensors(fileBytes, tensors);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(fileBytes);
});
