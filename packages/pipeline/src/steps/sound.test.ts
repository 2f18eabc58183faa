import { parseModelSpec, type Tensor } from '@nearside/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import known from '../../fixtures/audio.json' with { type: 'json' };
import { cut, farthest, scores, sound, unpacked } from '../../fixtures/sound.js';
import type { Flow } from '../flow.js';
import { checkPipeline, compilePipeline } from '../pipeline.js';
import { STEPS_FILE } from '../steps-file.js';
import type { FoundSound } from './segments.js';

const DECODE = { step: 'decode-audio' };
const MIX = { step: 'mix-down' };
const RESAMPLE = { step: 'resample', sampling_rate: 16000 };
const FRAME = { step: 'frame', frame_length: 512, hop_length: 512, context: 64, pad: true };
const SEGMENTS = { step: 'segments' };

function specWith(differing: object = {}) {
  return parseModelSpec({
    format: 1,
    name: 'voice',
    version: '1.0.0',
    sequence: 1,
    task: 'voice-activity-detection',
    inputs: [{ name: 'input', datatype: 'FP32', shape: [-1, 576] }],
    outputs: [{ name: 'output', datatype: 'FP32', shape: [-1, 1] }],
    preprocessing: [DECODE, MIX, RESAMPLE, FRAME],
    postprocessing: [SEGMENTS],
    variants: [{ name: 'fp32', runtime: 'onnx', dtype: 'fp32', files: ['model.onnx'] }],
    limits: { memoryBytes: 1_000_000 },
    ...differing,
  });
}

const score = (...values: number[]): Tensor => ({
  datatype: 'FP32',
  shape: [1, values.length],
  data: Float32Array.from(values),
});

/** Runs a model that gives each item the scores told. */
async function run(flow: Flow, input: unknown, score_: (item: Tensor) => Tensor) {
  const prepared = await flow.prepare(input);
  const outputs = prepared.items.map(({ input }) => ({ output: score_(input as Tensor) }));
  const finished = await prepared.finish(outputs);
  if (!finished.isDone) throw new Error('Expected one stage.');
  return { items: prepared.items, output: finished.output };
}

/** Whether there is anything in it. */
const isLoud = ({ data }: Tensor) => score((data as Float32Array).some((x) => x !== 0) ? 0.9 : 0);

describe('sound becomes what a model of frames takes', () => {
  test('any rate and any number of channels', async () => {
    const stereo = { samples: [sound(4410, 1), sound(4410, 2)], sampleRateHz: 44100 };
    const { items } = await run(
      compilePipeline(specWith(), { stepsFile: STEPS_FILE }).begin(),
      stereo,
      isLoud,
    );
    expect(items.map(({ input }) => input?.shape)).toEqual(Array(4).fill([1, 576]));
  });

  test('the mean of channels, as they are when they are alike', async () => {
    const spec = specWith({ preprocessing: [DECODE, MIX, FRAME] });
    const samples = sound(512, 1);
    const other = sound(512, 2);
    const of = async (channels: Float32Array[]) => {
      const flow = compilePipeline(spec, { stepsFile: STEPS_FILE }).begin();
      const { items } = await flow.prepare({ samples: channels, sampleRateHz: 16000 });
      const [item] = items;
      const given = item?.input?.data as Float32Array;
      return given.subarray(64);
    };
    expect(await of([samples, samples])).toEqual(samples);
    const mean = samples.map((sample, i) => (sample + (other[i] as number)) / 2);
    expect(await of([samples, other])).toEqual(mean);
  });

  test('a stream in pieces of any length gives the items of the whole, without the filled-up last', async () => {
    const samples = sound(6000, 4);
    const pipeline = compilePipeline(specWith(), { stepsFile: STEPS_FILE });
    const sampleRateHz = 48000;
    const whole = await run(pipeline.begin(), { samples, sampleRateHz }, isLoud);
    const cuts = fc.array(fc.nat(6000), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(cuts, async (places) => {
        const flow = pipeline.begin({ isWhole: false });
        const items: unknown[] = [];
        for (const piece of cut(samples, places)) {
          items.push(...(await run(flow, { samples: piece, sampleRateHz }, isLoud)).items);
        }
        expect(items).toEqual(whole.items.slice(0, items.length));
        expect(items.length).toBe(whole.items.length - 1);
      }),
      { numRuns: 30 },
    );
  });
});

test.each<[string, object, number]>([
  ['frames that overlap', { ...FRAME, frame_length: 100_000, hop_length: 1 }, 106_000],
  ['frames of a sample', { ...FRAME, frame_length: 1, hop_length: 1, context: 0 }, 2_100_000],
  ['mels', { step: 'log-mel', n_fft: 512, hop_length: 1, n_mels: 1024 }, 420_000],
])('more %s than a device can hold are refused', async (_, step, samples) => {
  const shape = 'n_mels' in step ? [-1, 1024, -1] : [-1, -1];
  const spec = specWith({
    inputs: [{ name: 'input', datatype: 'FP32', shape }],
    preprocessing: [DECODE, MIX, RESAMPLE, step],
  });
  const flow = compilePipeline(spec, { stepsFile: STEPS_FILE }).begin();
  const input = { samples: new Float32Array(samples), sampleRateHz: 16000 };
  await expect(flow.prepare(input)).rejects.toMatchObject({
    code: 'input-too-large',
    message: expect.stringContaining('frames of'),
  });
});

test.each<[string, object[], number]>([
  ['a long transform, a frame for each sample', [{ n_fft: 65_536 }], 100_000],
  ['a transform of a prime length', [{ n_fft: 65_521 }], 65_525],
  ['frames of frames', [{ frame_length: 65_523 }, { n_fft: 65_521 }], 2 * 65_523],
])('mels that would take minutes are refused at once: %s', async (_, steps, samples) => {
  const spec = specWith({
    inputs: [{ name: 'input', datatype: 'FP32', shape: [-1, 1, -1] }],
    preprocessing: [DECODE, MIX, RESAMPLE, ...steps.map(asStep)],
  });
  const flow = compilePipeline(spec, { stepsFile: STEPS_FILE }).begin();
  const input = { samples: new Float32Array(samples), sampleRateHz: 16000 };
  await expect(flow.prepare(input)).rejects.toMatchObject({
    code: 'input-too-large',
    message: expect.stringMatching(
      /^Expected sound of at most \d+ frames of \d+ operations, got \d+\./,
    ),
  });
});

/** Of frames one after the other, or of mels for each sample. */
function asStep(step: object): object {
  return 'frame_length' in step
    ? { step: 'frame', hop_length: step.frame_length, ...step }
    : { step: 'log-mel', hop_length: 1, n_mels: 1, center: false, ...step };
}

describe('scores of frames become segments', () => {
  const at16k = (samples: Float32Array) => ({ samples, sampleRateHz: 16000 });
  const voiced = (count: number) => new Float32Array(512 * count).fill(0.5);
  const silent = (count: number) => new Float32Array(512 * count);

  test('a whole sound ends what is open in it', async () => {
    const samples = new Float32Array(512 * 30).fill(0.5, 512 * 10);
    const { output } = await run(
      compilePipeline(specWith(), { stepsFile: STEPS_FILE }).begin(),
      at16k(samples),
      isLoud,
    );
    expect(output).toMatchObject({ segments: [{ fromMs: 320 - 30, toMs: 960 }] });
    expect((output as FoundSound).windows).toHaveLength(30);
    expect((output as FoundSound).windows[10]?.score).toBeCloseTo(0.9, 6);
    expect(output).not.toHaveProperty('open');
  });

  test('no sound gives a result without windows', async () => {
    const { output } = await run(
      compilePipeline(specWith(), { stepsFile: STEPS_FILE }).begin(),
      at16k(silent(0)),
      isLoud,
    );
    expect(output).toEqual({ windows: [], segments: [] });
  });

  test('a stream has a result for every piece, and each segment in one of them', async () => {
    const flow = compilePipeline(specWith(), { stepsFile: STEPS_FILE }).begin({ isWhole: false });
    const outputs: FoundSound[] = [];
    const pieces = [silent(3), voiced(10), new Float32Array(100), silent(4), silent(4)];
    for (const piece of pieces) {
      outputs.push((await run(flow, at16k(piece), isLoud)).output as FoundSound);
    }
    expect(outputs.map(({ windows }) => windows.length)).toEqual([3, 10, 0, 4, 4]);
    expect(outputs.map(({ open }) => open?.fromMs)).toEqual([undefined, 66, 66, 66, undefined]);
    const [segment, ...others] = outputs.flatMap(({ segments }) => segments);
    expect(others).toEqual([]);
    expect(outputs[4]?.segments).toEqual([segment]);
    expect(segment?.fromMs).toBe(66);
  });

  test('a piece that is refused leaves the stream as it was', async () => {
    const flow = compilePipeline(specWith(), { stepsFile: STEPS_FILE }).begin({ isWhole: false });
    await run(flow, at16k(voiced(12)), isLoud);
    const bad = at16k(Float32Array.of(Number.NaN));
    await expect(flow.prepare(bad)).rejects.toMatchObject({ code: 'input-invalid' });
    const { output } = await run(flow, at16k(silent(6)), isLoud);
    const toMs = 13 * 32 + 30; // the first silent window still has the sound before it
    expect((output as FoundSound).segments).toEqual([{ fromMs: 0, toMs }]);
  });

  test('a score that is no number is the backend’s failure', async () => {
    const run_ = run(
      compilePipeline(specWith(), { stepsFile: STEPS_FILE }).begin(),
      at16k(voiced(1)),
      () => score(Number.NaN),
    );
    await expect(run_).rejects.toMatchObject({ code: 'backend-failed' });
  });
});

describe('log-mel is torchaudio’s', () => {
  const { samples, rate, seed, floor, cases } = known.mels;

  test.each(cases)('$parameters', async ({ parameters, shape, expected }) => {
    const mel = { step: 'log-mel', mel_floor: floor, ...parameters };
    const input = { samples: sound(samples, seed), sampleRateHz: rate };
    const spec = specWith({
      inputs: [{ name: 'input', datatype: 'FP32', shape: [1, ...shape] }],
      preprocessing: [DECODE, MIX, RESAMPLE, mel],
    });
    const [item] = (await compilePipeline(spec, { stepsFile: STEPS_FILE }).begin().prepare(input))
      .items;
    expect(item?.input?.shape).toEqual([1, ...shape]);
    const made = item?.input?.data as Float32Array;
    const wanted = unpacked(expected);
    // What has no logarithm is large: 32 bits are what it is compared to.
    const scale = 'log_mel' in parameters ? 1 : Math.max(...wanted);
    expect(farthest(made, wanted) / scale).toBeLessThan(1e-3);
    const turned = specWith({
      inputs: [{ name: 'input', datatype: 'FP32', shape: [1, ...shape.toReversed()] }],
      preprocessing: [DECODE, MIX, RESAMPLE, { ...mel, layout: 'NTF' }],
    });
    const [other] = (
      await compilePipeline(turned, { stepsFile: STEPS_FILE }).begin().prepare(input)
    ).items;
    const [rows = 0, frames = 0] = shape;
    const across = other?.input?.data as Float32Array;
    const back = made.map((_, i) => across[(i % frames) * rows + Math.floor(i / frames)] as number);
    expect(back).toEqual(made);
  });

  test('more filters than any transform has a use for are refused', () => {
    const mel = { step: 'log-mel', n_fft: 65_536, hop_length: 160, n_mels: 1025 };
    const spec = specWith({ preprocessing: [DECODE, MIX, RESAMPLE, mel] });
    expect(() => checkPipeline(spec, STEPS_FILE)).toThrow(/n_mels.*1024/);
  });

  test('sound that is too short for a frame is refused', async () => {
    const mel = { step: 'log-mel', n_fft: 400, hop_length: 160, n_mels: 40 };
    const inputs = [{ name: 'input', datatype: 'FP32', shape: [1, 40, -1] }];
    const spec = specWith({ inputs, preprocessing: [DECODE, MIX, RESAMPLE, mel] });
    const input = { samples: sound(200, 1), sampleRateHz: 16000 };
    await expect(
      compilePipeline(spec, { stepsFile: STEPS_FILE }).begin().prepare(input),
    ).rejects.toMatchObject({
      code: 'input-invalid',
      message: expect.stringContaining('201 samples or more'),
    });
  });
});

describe('scores of windows become those of the whole', () => {
  const id2label = { 0: 'music', 1: 'speech' };
  const spec = (combine: string) =>
    specWith({
      task: 'audio-classification',
      outputs: [{ name: 'output', datatype: 'FP32', shape: [-1, 2] }],
      postprocessing: [
        { step: 'combine-windows', combine },
        { step: 'top-k', top_k: 2, id2label },
      ],
    });
  const two = { samples: sound(1024, 1), sampleRateHz: 16000 };

  test.each([
    ['mean', [0.625, 0.375]],
    ['max', [1, 0.5]],
  ])('by their %s', async (combine, [music, speech]) => {
    const answers = [score(0.25, 0.5), score(1, 0.25)];
    const flow = compilePipeline(spec(combine), { stepsFile: STEPS_FILE }).begin();
    const { output } = await run(flow, two, () => answers.shift() as Tensor);
    expect(output).toEqual([
      { label: 'music', score: music },
      { label: 'speech', score: speech },
    ]);
  });

  test('a whole sound without a window is refused, a piece of a stream gives no labels', async () => {
    const none = { samples: new Float32Array(), sampleRateHz: 16000 };
    const pipeline = compilePipeline(spec('mean'), { stepsFile: STEPS_FILE });
    const whole = run(pipeline.begin(), none, isLoud);
    await expect(whole).rejects.toMatchObject({ code: 'input-invalid' });
    const { output } = await run(pipeline.begin({ isWhole: false }), none, isLoud);
    expect(output).toEqual([]);
  });
});

test('thresholds are Silero’s where the spec says none', async () => {
  const told = scores(400, 2);
  const flow = compilePipeline(specWith(), { stepsFile: STEPS_FILE }).begin();
  const samples = new Float32Array(512 * told.length);
  const values = told.values();
  const { output } = await run(flow, { samples, sampleRateHz: 16000 }, () => ({
    ...score(0),
    datatype: 'FP64',
    data: Float64Array.of(values.next().value as number),
  }));
  const expected = known.segmented.cases.find(
    ({ parameters, seed }) => Object.keys(parameters).length === 0 && seed === 2,
  )?.expected;
  expect((output as FoundSound).segments.map(({ fromMs, toMs }) => [fromMs, toMs])).toEqual(
    expected,
  );
});

const MEL = { step: 'log-mel', n_fft: 400, hop_length: 160, n_mels: 40 };

test.each<[string, object, string]>([
  [
    'sound of several channels for the model',
    { preprocessing: [DECODE, RESAMPLE, FRAME] },
    'expected a tensor after the last step, got sound',
  ],
  [
    'frames of another length than the model takes',
    { preprocessing: [DECODE, MIX, { ...FRAME, context: 0 }] },
    "expected FP32 [n, 576] for input 'input', got FP32 [1, 512]",
  ],
  [
    'mels of sound of any rate',
    { preprocessing: [DECODE, MIX, MEL] },
    '(log-mel): expected sound of a known rate (`resample`)',
  ],
  [
    'mels of several channels',
    { preprocessing: [DECODE, RESAMPLE, MEL] },
    '(log-mel): expected sound of one channel (`mix-down`)',
  ],
  [
    'mels above half the rate',
    { preprocessing: [DECODE, MIX, RESAMPLE, { ...MEL, f_max: 9000 }] },
    '(log-mel): expected f_max of at most 8000 Hz, got 9000',
  ],
  [
    'a window longer than its transform',
    { preprocessing: [DECODE, MIX, RESAMPLE, { ...MEL, win_length: 401 }] },
    '(log-mel): expected win_length of at most n_fft, 400, got 401',
  ],
  [
    'frames too short for a transform',
    { preprocessing: [DECODE, MIX, RESAMPLE, FRAME, { ...MEL, n_fft: 600, center: false }] },
    '(log-mel): expected frames of 600 samples or more, got 576',
  ],
  [
    'several scores a frame',
    { outputs: [{ name: 'output', datatype: 'FP32', shape: [-1, 2] }] },
    '(segments): expected one score for each frame, got 2',
  ],
  [
    'a lower threshold above the other',
    { postprocessing: [{ ...SEGMENTS, neg_threshold: 0.6 }] },
    '(segments): expected neg_threshold of at most threshold, 0.5, got 0.6',
  ],
])('%s are refused by pack and by devices', (_, differing, message) => {
  expect(() => checkPipeline(specWith(differing), STEPS_FILE)).toThrow(
    expect.objectContaining({ code: 'model-invalid', message: expect.stringContaining(message) }),
  );
});
