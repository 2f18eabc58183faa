import { type ModelSpec, type Stage, stagesOf, type Tensors } from '@nearside/core';
import { compilePipeline, STEPS_FILE } from '@nearside/pipeline';
import { expect, test } from 'vitest';
import type { Reply, RunInput, RunReply } from '../shared/protocol.js';
import { carryState } from './carry-state.js';
import { createHostedStreams } from './hosted-streams.js';
import type { Session } from './session.js';

const scalar = (value: number) =>
  ({ datatype: 'FP32', shape: [1], data: Float32Array.of(value) }) as const;
const numberOf = (tensors: Tensors, name: string) => Number(tensors[name]?.data[0]);

const spec = {
  task: 'tensors',
  inputs: [
    { name: 'sum', datatype: 'FP32', shape: [1] },
    { name: 'x', datatype: 'FP32', shape: [1] },
  ],
  outputs: [
    { name: 'next', datatype: 'FP32', shape: [1] },
    { name: 'y', datatype: 'FP32', shape: [1] },
  ],
  state: [{ input: 'sum', output: 'next' }],
  preprocessing: [],
  postprocessing: [],
  limits: {},
} as unknown as ModelSpec;

/** A running sum. Negative numbers are pictures that cannot be decoded. */
function openSession(): Session {
  const runtime = {
    async run(inputs: Tensors) {
      const sum = numberOf(inputs, 'sum') + numberOf(inputs, 'x');
      if (sum > 1_000) throw new Error('overflow');
      return { next: scalar(sum), y: scalar(sum) };
    },
    release: async () => {},
  };
  const [stage] = stagesOf(spec) as [Stage];
  return {
    stages: [{ stage }],
    beginRun() {
      const run = carryState({ ...runtime, tensors: spec }, stage);
      return (_: number, inputs: Tensors) => run(inputs);
    },
    spec,
    pipeline: compilePipeline(spec),
    baseline: undefined,
    batchLimit: { max: 1 },
  } as unknown as Session;
}

const frame = (value: number): RunInput =>
  value < 0
    ? { input: { kind: 'image', image: new Blob(['not a picture']) } }
    : { input: { kind: 'tensors', tensors: { x: scalar(value) } } };

const outputs = (replies: readonly Reply<RunReply>[]) =>
  replies.map((reply) => {
    if (!reply.ok) return reply.error.code;
    const { tensors } = reply.value.output as { tensors: Tensors };
    return Object.entries(tensors).map(([name, { data }]) => `${name} ${data[0]}`);
  });

test('frames carry the state of their own stream, over several messages', async () => {
  const streams = createHostedStreams();
  const session = openSession();
  streams.begin(1, session);
  streams.begin(2, session);
  expect(outputs(await streams.run(1, [frame(1), frame(2)]))).toEqual([['y 1'], ['y 3']]);
  expect(outputs(await streams.run(2, [frame(10)]))).toEqual([['y 10']]);
  expect(outputs(await streams.run(1, [frame(3)]))).toEqual([['y 6']]);
});

test('a bad frame fails alone and leaves the state as it was', async () => {
  const streams = createHostedStreams();
  streams.begin(1, openSession());
  expect(outputs(await streams.run(1, [frame(1), frame(-1), frame(2)]))).toEqual([
    ['y 1'],
    'input-invalid',
    ['y 3'],
  ]);
  await expect(streams.run(1, [frame(5_000)])).rejects.toThrow('overflow');
  expect(outputs(await streams.run(1, [frame(4)]))).toEqual([['y 7']]);
});

test('a stream that has ended, or never began, is state-lost rather than begun from zeros', async () => {
  const streams = createHostedStreams();
  streams.begin(1, openSession());
  await streams.run(1, [frame(1)]);
  streams.end(1);
  for (const id of [1, 2]) {
    await expect(streams.run(id, [frame(1)])).rejects.toMatchObject({ code: 'state-lost' });
  }
});

test('pictures for a stream that has ended are closed: nobody else will', async () => {
  let closed = 0;
  const count = () => {
    closed += 1;
  };
  const image = { close: count } as ImageBitmap;
  const frames = [{ input: { kind: 'image', image } }, frame(1)] as const;
  await expect(createHostedStreams().run(1, frames)).rejects.toMatchObject({
    code: 'state-lost',
  });
  expect(closed).toBe(1);
});

test('pieces of sound follow each other: what one leaves over is the next one’s', async () => {
  const sound = {
    ...spec,
    inputs: [{ name: 'input', datatype: 'FP32', shape: [1, 4] }],
    outputs: [{ name: 'score', datatype: 'FP32', shape: [1, 1] }],
    state: undefined,
    preprocessing: [
      { step: 'decode-audio' },
      { step: 'mix-down' },
      { step: 'frame', frame_length: 4, hop_length: 4 },
    ],
    postprocessing: [{ step: 'segments', min_speech_duration_ms: 0, speech_pad_ms: 0 }],
  } as unknown as ModelSpec;
  const loudness = async (_: number, { input }: Tensors) => ({
    score: { datatype: 'FP32', shape: [1, 1], data: Float32Array.of(Number(input?.data[0])) },
  });
  const session = {
    stages: stagesOf(sound).map((stage) => ({ stage })),
    beginRun: () => loudness,
    spec: sound,
    pipeline: compilePipeline(sound, { stepsFile: STEPS_FILE }),
    batchLimit: { max: 1 },
  } as unknown as Session;
  const piece = (...samples: number[]): RunInput => {
    const value = { samples: Float32Array.from(samples), sampleRateHz: 1000 };
    return { input: { kind: 'other', value, owned: [] } };
  };
  const streams = createHostedStreams();
  streams.begin(1, session);
  const replies = await streams.run(1, [
    piece(0, 0, 0, 0, 1, 1),
    piece(),
    piece(Number.NaN),
    piece(1, 1),
  ]);
  const seen = replies.map((reply) => (reply.ok ? reply.value.output : reply.error.code));
  expect(seen).toEqual([
    { windows: [{ fromMs: 0, toMs: 4, score: 0 }], segments: [] },
    { windows: [], segments: [] },
    'input-invalid',
    { windows: [{ fromMs: 4, toMs: 8, score: 1 }], segments: [], open: { fromMs: 4 } },
  ]);
});
