import { spawnSync } from 'node:child_process';
import { float16ToNumber } from '@nearside/core';
import { expect, test } from 'vitest';
import { findPython } from '../testing/python.js';
import { toFloat16, toInt8, toUint8 } from './narrow-values.js';

const PYTHON = findPython('numpy');
const NOTE = PYTHON ? '' : ' (skipped: no python3 with numpy)';

const LARGEST = 3.4028234663852886e38;

/** Numbers of every size, and those halfway between two half floats and beside. */
function awkwardFloats(): Float32Array {
  const bits = new Uint32Array(40_000);
  let seed = 1;
  for (let i = 0; i < bits.length; i += 1) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    const exponent = 100 + (seed % 42); // from below the smallest half float to 32,768
    const tail = [0, 0x1000, 0x0fff, 0x1001][(seed >>> 8) % 4] as number;
    bits[i] = ((seed & 0x80000000) | (exponent << 23) | ((seed >>> 3) & 0x7fe000) | tail) >>> 0;
  }
  return new Float32Array(bits.buffer);
}

test.skipIf(!PYTHON)(`half floats are those of numpy${NOTE}`, () => {
  const floats = awkwardFloats();
  const read = 'numpy.frombuffer(sys.stdin.buffer.read(), "<f4").astype("<f2").tobytes()';
  const code = `import sys, numpy; sys.stdout.buffer.write(${read})`;
  const { stdout } = spawnSync(PYTHON ?? '', ['-c', code], {
    input: new Uint8Array(floats.buffer),
  });
  const expected = new Uint16Array(new Uint8Array(stdout).buffer);
  expect(toFloat16(floats)?.values).toEqual(expected);
});

test('no half float stands for what is too large', () => {
  expect(toFloat16(Float32Array.of(65_519))?.values).toEqual(Uint16Array.of(0x7bff));
  expect(toFloat16(Float32Array.of(65_520))).toBeUndefined();
});

test('every half float stays what it is', () => {
  const finite = Array.from({ length: 65_536 }, (_, bits) => bits).filter(
    (bits) => (bits & 0x7c00) !== 0x7c00,
  );
  const made = toFloat16(Float32Array.from(finite, float16ToNumber));
  expect(made?.roundingError).toBe(0);
  expect(made?.values).toEqual(Uint16Array.from(finite));
});

test.each([0, 1, 2])(
  'an integer is at most half a scale off, with a scale for each index of axis %i',
  (axis) => {
    const shape = [4, 5, 6];
    const floats = Float32Array.from({ length: 120 }, (_, i) => Math.sin(i) * 10 ** ((i % 7) - 3));
    const { values, scales } = toInt8(floats, { shape, axis });
    expect(scales).toHaveLength(shape[axis] as number);
    const inner = shape.slice(axis + 1).reduce((product, length) => product * length, 1);
    for (const [i, value] of values.entries()) {
      const scale = scales[Math.floor(i / inner) % scales.length] as number;
      expect(Math.abs(value * scale - (floats[i] as number))).toBeLessThanOrEqual(
        scale * 0.5000001,
      );
      expect(Math.abs(value)).toBeLessThanOrEqual(127);
    }
  },
);

test('zeros stay zeros, of a channel of nothing else too', () => {
  const { values, scales, roundingError } = toInt8(new Float32Array(8), { shape: [2, 4], axis: 0 });
  expect([values, scales, roundingError]).toEqual([new Int8Array(8), Float32Array.of(1, 1), 0]);
  for (const others of [[-0.3, 0.9], [-LARGEST], [LARGEST]]) {
    const bytes = toUint8(Float32Array.of(0, ...others)) ?? raise();
    expect((bytes.values[0] as number) * bytes.scale + bytes.min).toBe(0);
  }
  expect(toUint8(new Float32Array(4))?.roundingError).toBe(0);
});

test('the largest floats stay finite', () => {
  const { values, scales } = toInt8(Float32Array.of(LARGEST, -LARGEST, 0, 1), {
    shape: [1, 4],
    axis: 0,
  });
  expect([...values]).toEqual([127, -127, 0, 0]);
  expect(Math.fround(127 * (scales[0] as number))).toBeLessThanOrEqual(LARGEST);
  expect(toUint8(Float32Array.of(-LARGEST, 0.75 * LARGEST))).toBeUndefined();
});

function raise(): never {
  throw new TypeError('expected bytes');
}
