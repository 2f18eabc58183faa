import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import known from '../../fixtures/audio.json' with { type: 'json' };
import { unpacked } from '../../fixtures/sound.js';
import { readWav } from './read-wav.js';

const bytesOf = (base64: string) => Uint8Array.from(Buffer.from(base64, 'base64'));
const fileOf = (form: string, subtype: string) =>
  bytesOf(known.wavs.find((one) => one.form === form && one.subtype === subtype)?.file ?? '');
const pcm16 = () => fileOf('WAV', 'PCM_16');

describe('a WAV file is read as libsndfile reads it', () => {
  test.each(known.wavs)('$form, $subtype', ({ file, expected }) => {
    const { channels, sampleRateHz } = readWav(bytesOf(file).buffer, '');
    expect(sampleRateHz).toBe(22050);
    expect(channels).toHaveLength(2);
    expect(channels.flatMap((one) => Array.from(one))).toEqual(Array.from(unpacked(expected)));
  });
});

test('parts of no interest are passed over, also those of odd length', () => {
  const file = pcm16();
  const odd = [...Buffer.from('LIST'), 3, 0, 0, 0, 1, 2, 3, 0];
  const longer = Uint8Array.from([...file.subarray(0, 12), ...odd, ...file.subarray(12)]);
  expect(readWav(longer.buffer, '')).toEqual(readWav(file.buffer, ''));
});

test('a file without samples is sound of none', () => {
  const file = pcm16();
  new DataView(file.buffer).setUint32(40, 0, true);
  expect(readWav(file.buffer.slice(0, 44), '').channels).toEqual([
    new Float32Array(),
    new Float32Array(),
  ]);
});

/** Changes a file, and says what must be said of it. */
const DAMAGES: [string, (file: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>, string][] = [
  ['no bytes', () => new Uint8Array(), 'expected a WAV file, got 0 bytes'],
  ['another file', () => new Uint8Array(500), 'AudioContext.decodeAudioData'],
  ['a file cut off in its samples', (file) => file.slice(0, 50), "20 bytes of 'data'"],
  ['a file cut off before its samples', (file) => file.slice(0, 38), "expected 'data'"],
  [
    'a file that says it is longer',
    (file) => edited(file, 40, [0xff, 0xff, 0xff, 0xff]),
    'cut off',
  ],
  [
    'a length that is no whole sample',
    (file) => edited(file, 40, [19, 0, 0, 0]),
    'a multiple of 4',
  ],
  ['another codec', (file) => edited(file, 20, [85, 0]), 'of format 85'],
  ['samples of 12 bits', (file) => edited(file, 34, [12, 0]), 'samples of 8, 16, 24, 32 bits'],
  ['no channels', (file) => edited(file, 22, [0, 0]), 'one channel or more'],
  ['another number of channels', (file) => edited(file, 22, [3, 0]), '6 bytes for 3 samples'],
  ['its form too short', (file) => edited(file, 16, [4, 0, 0, 0]), '16 bytes or more'],
  ['its samples before their form', (file) => edited(file, 12, [...Buffer.from('data')]), "'fmt '"],
];

function edited(file: Uint8Array<ArrayBuffer>, at: number, bytes: readonly number[]) {
  file.set(bytes, at);
  return file;
}

test.each(DAMAGES)('%s: decode-failed, saying why', (_, damage, message) => {
  expect(() => readWav(damage(pcm16()).buffer, 'audio/mpeg')).toThrow(
    expect.objectContaining({
      code: 'decode-failed',
      message: expect.stringContaining(message),
    }),
  );
});

test('any bytes are read or refused', () => {
  const places = fc.array(fc.tuple(fc.nat(79), fc.nat(255)), { maxLength: 6 });
  fc.assert(
    fc.property(fc.constantFrom(...known.wavs), places, fc.nat(120), ({ file }, edits, length) => {
      const bytes = bytesOf(file).slice(0, length + 20);
      for (const [at, byte] of edits) if (at < bytes.length) bytes[at] = byte;
      try {
        readWav(bytes.buffer, '');
      } catch (error) {
        expect(error).toMatchObject({ code: 'decode-failed' });
      }
    }),
  );
});
