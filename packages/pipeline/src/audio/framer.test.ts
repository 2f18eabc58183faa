import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cut, sound } from '../../fixtures/sound.js';
import { type FrameOptions, openFramer } from './framer.js';

const RATE = 1000; // a sample is a millisecond
const mono = (samples: Float32Array<ArrayBuffer>) => ({ channels: [samples], sampleRateHz: RATE });

/** The rules, frame by frame over the whole. */
function framed(
  samples: Float32Array<ArrayBuffer>,
  { frameLength, hopLength, context, pad }: FrameOptions,
) {
  const at = (i: number) => samples[i] ?? 0;
  const frames: object[] = [];
  let covered = 0;
  for (let from = 0; ; from += hopLength) {
    const isWhole = from + frameLength <= samples.length;
    const isRest = pad && from < samples.length && covered < samples.length;
    if (!isWhole && !isRest) return frames;
    covered = from + frameLength;
    const values = Array.from({ length: context + frameLength }, (_, i) => at(from - context + i));
    frames.push({ values, fromMs: from, toMs: Math.min(covered, samples.length) });
    if (!isWhole) return frames;
  }
}

const seen = (frames: ReturnType<ReturnType<typeof openFramer>>) =>
  frames.map(({ sound, fromMs, toMs }) => ({
    values: Array.from(sound.channels[0] as Float32Array),
    fromMs,
    toMs,
  }));

const OPTIONS = fc.record({
  frameLength: fc.integer({ min: 1, max: 20 }),
  hopLength: fc.integer({ min: 1, max: 30 }),
  context: fc.nat(12),
  pad: fc.boolean(),
});

test('frames of a sound in pieces of any length are those of the whole', () => {
  const places = fc.array(fc.nat(100), { maxLength: 10 });
  fc.assert(
    fc.property(OPTIONS, fc.nat(90), places, (options, length, cuts) => {
      const samples = sound(length, 8);
      const pieces = cut(samples, cuts);
      const frame = openFramer(options);
      const frames = pieces.flatMap((piece, i) => frame(mono(piece), i === pieces.length - 1));
      expect(seen(frames)).toEqual(framed(samples, options));
    }),
  );
});

describe('Silero’s frames: the 64 samples before, then 512', () => {
  const options = { frameLength: 512, hopLength: 512, context: 64, pad: true };
  const samples = sound(1100, 2);
  const frames = openFramer(options)({ channels: [samples], sampleRateHz: 16000 }, true);

  test('zeros stand before the first, and the sound before each other', () => {
    const [first, second] = frames.map((one) => one.sound.channels[0] as Float32Array);
    expect(first?.subarray(0, 64)).toEqual(new Float32Array(64));
    expect(first?.subarray(64)).toEqual(samples.subarray(0, 512));
    expect(second).toEqual(samples.subarray(512 - 64, 1024));
  });

  test('zeros follow the last, which ends where the sound does', () => {
    expect(frames.map(({ fromMs, toMs }) => [fromMs, toMs])).toEqual([
      [0, 32],
      [32, 64],
      [64, 68.75],
    ]);
    expect(frames[2]?.sound.channels[0]?.subarray(64 + 76)).toEqual(new Float32Array(512 - 76));
  });
});

test('what was given stays as it was when more comes', () => {
  const frame = openFramer({ frameLength: 4, hopLength: 2, context: 1, pad: false });
  const [first] = frame(mono(Float32Array.of(1, 2, 3, 4, 5)), false);
  const before = Array.from(first?.sound.channels[0] as Float32Array);
  frame(mono(Float32Array.of(6, 7, 8)), false);
  expect(Array.from(first?.sound.channels[0] as Float32Array)).toEqual(before);
});
