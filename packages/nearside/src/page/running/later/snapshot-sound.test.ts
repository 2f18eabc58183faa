import type { ModelSpec } from '@nearside/core';
import { expect, test } from 'vitest';
import { closePictures, transferablesOf } from '../../../shared/protocol.js';
import { snapshotInput } from '../snapshot-input.js';
import { refuseInput } from './refuse-input.js';
import { snapshotOther } from './snapshot-other.js';

const spec = {
  name: 'voice',
  task: 'voice-activity-detection',
  inputs: [],
} as unknown as ModelSpec;

const snap = async (input: unknown, transfer = false) =>
  snapshotInput(input as never, spec, { transfer, takeOther: snapshotOther, refuse: refuseInput });

const samples = () => Float32Array.of(0.5, -0.5);

/** As browsers have it, where kinds are told by their names. */
const named = (kind: string, value: object) => Object.assign(value, { [Symbol.toStringTag]: kind });

test('samples are copied, one channel or several', async () => {
  const [one, two] = [samples(), samples()];
  const mono = await snap({ samples: one, sampleRateHz: 16000 });
  const stereo = await snap({ samples: [one, two], sampleRateHz: 48000 });
  one.fill(9);
  two.fill(9);
  expect(mono).toMatchObject({ value: { samples: samples(), sampleRateHz: 16000 } });
  expect(stereo).toMatchObject({ value: { samples: [samples(), samples()], sampleRateHz: 48000 } });
});

test('with transfer the caller’s own samples are given away', async () => {
  const given = samples();
  const taken = await snap({ samples: given, sampleRateHz: 16000 }, true);
  expect(given.length).toBe(0);
  expect(taken).toMatchObject({ value: { samples: samples() } });
  expect(transferablesOf(taken)).toHaveLength(1);
});

test('samples in shared memory, which goes on being filled, are copied at the call', async () => {
  for (const transfer of [false, true]) {
    const shared = new Float32Array(new SharedArrayBuffer(8));
    shared.set(samples());
    const taken = await snap({ samples: shared, sampleRateHz: 16000 }, transfer);
    shared.fill(9);
    expect(taken).toMatchObject({ value: { samples: samples() } });
    expect(transferablesOf(taken)[0]).toBeInstanceOf(ArrayBuffer);
  }
});

test('an AudioBuffer crosses as its samples, and keeps them also with transfer', async () => {
  for (const transfer of [false, true]) {
    const channels = [samples(), samples()];
    const getChannelData = (channel: number) => channels[channel];
    const audio = named('AudioBuffer', { numberOfChannels: 2, sampleRate: 44100, getChannelData });
    const taken = await snap(audio, transfer);
    expect(taken).toMatchObject({
      value: { samples: [samples(), samples()], sampleRateHz: 44100 },
    });
    expect(channels).toEqual([samples(), samples()]);
  }
});

test('AudioData is cloned, and the clone closed when it is done with', async () => {
  const closed: string[] = [];
  const clone = () => named('AudioData', { close: () => closed.push('clone') });
  const audio = named('AudioData', { clone, close: () => closed.push('original') });
  closePictures(await snap(audio));
  expect(closed).toEqual(['clone']);
});

test('closed AudioData is input-detached', async () => {
  const clone = () => {
    throw new Error('it is closed');
  };
  const audio = named('AudioData', { format: null, clone });
  await expect(snap(audio)).rejects.toMatchObject({ code: 'input-detached' });
});

test('samples whose memory is gone are input-detached', async () => {
  for (const transfer of [false, true]) {
    const gone = samples();
    structuredClone(null, { transfer: [gone.buffer] });
    await expect(snap({ samples: gone, sampleRateHz: 16000 }, transfer)).rejects.toMatchObject({
      code: 'input-detached',
    });
  }
});

test('what more an app’s own task is given beside samples crosses too', async () => {
  const taken = await snap({ samples: samples(), sampleRateHz: 8000, speaker: 'a' });
  expect(taken).toMatchObject({ value: { samples: samples(), speaker: 'a' } });
});

test('a file crosses as it is', async () => {
  const file = new Blob(['RIFF']);
  const { value } = (await snap(file)) as { value: Blob };
  expect(await value.text()).toBe('RIFF');
});
