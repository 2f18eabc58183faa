import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import known from '../../fixtures/audio.json' with { type: 'json' };
import { cut, farthest, sound, unpacked } from '../../fixtures/sound.js';
import { openResampler } from './resampler.js';

const mono = (samples: Float32Array<ArrayBuffer>, sampleRateHz: number) => ({
  channels: [samples],
  sampleRateHz,
});

function resample(
  samples: Float32Array<ArrayBuffer>,
  from: number,
  to: number,
): Float32Array<ArrayBuffer> {
  return openResampler(to)(mono(samples, from), true).channels[0] as Float32Array<ArrayBuffer>;
}

describe('sound of another rate is what torchaudio makes of it', () => {
  test.each(known.resampled)('$length samples from $from to $to Hz', (one) => {
    const made = resample(sound(one.length, one.seed), one.from, one.to);
    const expected = unpacked(one.expected);
    expect(made).toHaveLength(expected.length);
    expect(farthest(made, expected)).toBeLessThan(1e-5);
  });
});

const RATES = fc.constantFrom(8000, 11025, 16000, 22050, 24001, 44100, 48000);

test('in pieces of any length it is bit for bit what it is as a whole', () => {
  const places = fc.array(fc.nat(1200), { maxLength: 12 });
  fc.assert(
    fc.property(RATES, RATES, fc.nat(1000), places, (from, to, length, cuts) => {
      const samples = sound(length, 3);
      const whole = resample(samples, from, to);
      const pieces = cut(samples, cuts);
      const stream = openResampler(to);
      const made = pieces.flatMap((piece, i) => {
        const { channels } = stream(mono(piece, from), i === pieces.length - 1);
        return Array.from(channels[0] as Float32Array);
      });
      expect(made).toEqual(Array.from(whole));
    }),
  );
});

test('a stream is at most a filter’s reach behind', () => {
  const stream = openResampler(16000);
  const made = stream(mono(sound(4800, 1), 48000), false);
  expect(made.channels[0]?.length).toBeGreaterThanOrEqual(1600 - 7);
});

test('each channel is resampled by itself', () => {
  const [left, right] = [sound(300, 1), sound(300, 2)];
  const both = openResampler(16000)({ channels: [left, right], sampleRateHz: 44100 }, true);
  expect(both.channels[0]).toEqual(resample(left, 44100, 16000));
  expect(both.channels[1]).toEqual(resample(right, 44100, 16000));
});

test.each([
  ['another rate', mono(sound(10, 1), 44100)],
  ['another number of channels', { channels: [sound(9, 1), sound(9, 2)], sampleRateHz: 48000 }],
])('a piece of %s is refused, and the stream goes on as if it had not come', (_, other) => {
  const samples = sound(600, 4);
  const stream = openResampler(16000);
  const first = stream(mono(samples.subarray(0, 250), 48000), false);
  expect(() => stream(other, false)).toThrow(
    expect.objectContaining({
      code: 'input-invalid',
      message: expect.stringContaining('48000 Hz'),
    }),
  );
  const last = stream(mono(samples.subarray(250), 48000), true);
  const made = [first, last].flatMap(({ channels }) => Array.from(channels[0] as Float32Array));
  expect(made).toEqual(Array.from(resample(samples, 48000, 16000)));
});

test('sound of the rate that is asked for stays as it is, and what differs is refused all the same', () => {
  const stream = openResampler(16000);
  const piece = mono(sound(10, 1), 16000);
  expect(stream(piece, false)).toBe(piece);
  expect(() => stream(mono(sound(10, 1), 8000), false)).toThrow(
    expect.objectContaining({ code: 'input-invalid' }),
  );
  expect(stream(piece, true)).toBe(piece);
});
