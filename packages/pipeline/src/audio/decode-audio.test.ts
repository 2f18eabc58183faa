import { describe, expect, test } from 'vitest';
import known from '../../fixtures/audio.json' with { type: 'json' };
import { unpacked } from '../../fixtures/sound.js';
import { decodeAudio } from './decode-audio.js';
import type { AudioInput } from './sound.js';

const [wav] = known.wavs;
const samples = Float32Array.of(0, 0.5, -1, 2);

/** As browsers have it, where kinds are told by their names. */
const named = (kind: string, value: object) =>
  Object.assign(value, { [Symbol.toStringTag]: kind }) as unknown as AudioInput;

describe('sound in every form', () => {
  test('one array of samples is one channel', async () => {
    const decoded = await decodeAudio({ samples, sampleRateHz: 16000 });
    expect(decoded).toEqual({ channels: [samples], sampleRateHz: 16000 });
  });

  test('several arrays are as many channels', async () => {
    const { channels } = await decodeAudio({ samples: [samples, samples], sampleRateHz: 8000 });
    expect(channels).toEqual([samples, samples]);
  });

  test('a WAV file is read without a browser', async () => {
    const file = new Blob([Buffer.from(wav?.file ?? '', 'base64')]);
    const { channels, sampleRateHz } = await decodeAudio(file);
    expect(sampleRateHz).toBe(22050);
    expect(channels[0]).toEqual(unpacked(wav?.expected ?? '').subarray(0, 5));
  });

  test('an AudioBuffer gives its channels', async () => {
    const getChannelData = (channel: number) => samples.map((sample) => sample + channel);
    const audio = named('AudioBuffer', { numberOfChannels: 2, sampleRate: 44100, getChannelData });
    const { channels, sampleRateHz } = await decodeAudio(audio);
    expect(sampleRateHz).toBe(44100);
    expect(channels).toEqual([samples, samples.map((sample) => sample + 1)]);
  });

  test('AudioData is copied out plane by plane, as floats', async () => {
    const copyTo = (to: Float32Array, { planeIndex, format }: AudioDataCopyToOptions) => {
      expect(format).toBe('f32-planar');
      to.set(samples.map((sample) => sample + planeIndex));
    };
    const audio = {
      format: 's16',
      numberOfChannels: 2,
      numberOfFrames: 4,
      sampleRate: 48000,
      copyTo,
    };
    const { channels } = await decodeAudio(named('AudioData', audio));
    expect(channels).toEqual([samples, samples.map((sample) => sample + 1)]);
  });

  test('no samples are sound of none', async () => {
    const { channels } = await decodeAudio({ samples: new Float32Array(), sampleRateHz: 16000 });
    expect(channels).toEqual([new Float32Array()]);
  });
});

const at = (sampleRateHz: unknown) => ({ samples, sampleRateHz });

test.each([
  ['null', null, 'got null'],
  ['a string', 'hello.wav', "got 'hello.wav'"],
  ['an object without samples', { sampleRateHz: 16000 }, 'WAV Blob'],
  ['16-bit samples', { samples: new Int16Array(4), sampleRateHz: 16000 }, 'divided by 32,768'],
  ['plain numbers', { samples: [0, 1], sampleRateHz: 16000 }, 'Float32Array'],
  ['no channels', { samples: [], sampleRateHz: 16000 }, 'got no channels'],
  ['a rate of 0', at(0), 'from 1000 to 384000'],
  ['a rate of 1 MHz', at(1_000_000), 'from 1000 to 384000'],
  ['a rate of NaN', at(Number.NaN), 'from 1000 to 384000'],
  ['no rate', at(undefined), 'got undefined'],
  ['half a Hz', at(16000.5), 'a whole number'],
  [
    'channels of unlike length',
    { samples: [samples, samples.subarray(1)], sampleRateHz: 16000 },
    'channels of one length, got lengths 4, 3',
  ],
  [
    '33 channels',
    { samples: Array(33).fill(samples), sampleRateHz: 16000 },
    'at most 32 channels, got 33',
  ],
  [
    'a NaN sample',
    { samples: Float32Array.of(0, Number.NaN), sampleRateHz: 16000 },
    'NaN as sample 1 of channel 0',
  ],
  [
    'an infinite sample',
    { samples: [samples, Float32Array.of(0, 0, 0, -1 / 0)], sampleRateHz: 16000 },
    '-Infinity as sample 3 of channel 1',
  ],
])('%s is refused', async (_, input, message) => {
  await expect(decodeAudio(input as never)).rejects.toMatchObject({
    code: 'input-invalid',
    message: expect.stringContaining(message),
  });
});

test('samples whose memory is gone are detached, unlike none', async () => {
  const gone = samples.slice();
  structuredClone(gone, { transfer: [gone.buffer] });
  await expect(decodeAudio({ samples: gone, sampleRateHz: 16000 })).rejects.toMatchObject({
    code: 'input-detached',
  });
});

test('closed AudioData is detached', async () => {
  const closed = { format: null, numberOfChannels: 0, numberOfFrames: 0, sampleRate: 0 };
  await expect(decodeAudio(named('AudioData', closed))).rejects.toMatchObject({
    code: 'input-detached',
  });
});

test('sound that is too long is refused before it is read', async () => {
  const arrayBuffer = () => Promise.reject(new Error('it was read'));
  const file = named('Blob', { size: 2 ** 31, type: 'audio/wav', arrayBuffer });
  await expect(decodeAudio(file)).rejects.toMatchObject({
    code: 'input-too-large',
    message: expect.stringContaining('through a stream'),
  });
});

test('an abort rejects with its reason', async () => {
  const signal = AbortSignal.abort('no more');
  await expect(decodeAudio({ samples, sampleRateHz: 16000 }, { signal })).rejects.toBe('no more');
});
