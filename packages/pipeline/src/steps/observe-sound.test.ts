import { expect, test } from 'vitest';
import { observeSound } from './decode-audio.js';

function observed(...channels: Float32Array<ArrayBuffer>[]) {
  const found: Record<string, number | string> = {};
  observeSound(
    { channels, sampleRateHz: 16_000 },
    { observe: (name, value) => Object.assign(found, { [name]: value }) },
  );
  return found;
}

const sine = (level: number) =>
  Float32Array.from({ length: 50_000 }, (_, i) => level * Math.sin(i / 7));

test('a sine of full scale is 3 dB below it, and one of a tenth 20 dB less', () => {
  expect(observed(sine(0.99)).level).toBeCloseTo(-3.1, 1);
  expect(observed(sine(0.099)).level).toBeCloseTo(-23.1, 1);
  expect(observed(sine(0.99)).clipped).toBe(0);
});

test('samples at full scale are clipped, in any channel', () => {
  const half = Float32Array.of(1, -1, 0, 0.5);
  expect(observed(half).clipped).toBe(0.5);
  expect(observed(half, new Float32Array(4)).clipped).toBe(0.25);
});

test('silence is as faint as is told, and no sound tells nothing', () => {
  expect(observed(new Float32Array(10))).toEqual({ level: -100, clipped: 0 });
  expect(observed(new Float32Array())).toEqual({});
});
