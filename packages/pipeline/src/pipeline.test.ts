import { type ModelSpec, parseModelSpec, type Tensor, type Tensors } from '@nearside/core';
import { describe, expect, test } from 'vitest';
import { noise } from '../fixtures/noise.js';
import type { Finished } from './flow.js';
import { resize } from './image/resize.js';
import { checkPipeline, compilePipeline } from './pipeline.js';
import { grayscale } from './steps/grayscale.js';
import { STEPS_FILE } from './steps-file.js';

const DECODE = { step: 'decode-image' } as const;
const GRAY = { step: 'grayscale' } as const;
const RESIZE = { step: 'resize', size: { height: 28, width: 28 }, resample: 2 } as const;
const RESCALE = { step: 'rescale', rescale_factor: 1 / 255 } as const;
const NORMALIZE = { step: 'normalize', image_mean: [0.5], image_std: [0.25] } as const;
const TENSOR = { step: 'to-tensor', layout: 'NCHW' } as const;
const SOFTMAX = { step: 'softmax' } as const;
const TOP_2 = { step: 'top-k', top_k: 2, id2label: { 0: 'cat', 1: 'dog', 2: 'owl' } } as const;

interface Differing {
  readonly preprocessing?: readonly object[];
  readonly postprocessing?: readonly object[];
  readonly inputs?: readonly object[];
  readonly outputs?: readonly object[];
  readonly limits?: object;
}

function specWith({ limits, ...differing }: Differing): ModelSpec {
  return parseModelSpec({
    format: 1,
    name: 'pets',
    version: '1.0.0',
    sequence: 1,
    task: 'image-classification',
    inputs: [pixels([-1, 1, 28, 28])],
    outputs: [{ name: 'logits', datatype: 'FP32', shape: [-1, 3] }],
    preprocessing: [],
    postprocessing: [],
    ...differing,
    variants: [{ name: 'fp32', runtime: 'onnx', dtype: 'fp32', files: ['model.onnx'] }],
    limits: { memoryBytes: 1_000_000, ...limits },
  });
}

function pixels(shape: number[]) {
  return { name: 'pixel_values', datatype: 'FP32', shape };
}

/** Opaque RGBA, in a plain object: the form that Node can read. */
function photo(width: number, height: number) {
  const data = noise(width * height * 4, 11).map((byte, i) => (i % 4 === 3 ? 255 : byte));
  return { width, height, data };
}

function logits(...values: number[]): Tensor {
  return { datatype: 'FP32', shape: [1, values.length], data: Float32Array.from(values) };
}

const prepare = async (input: unknown, spec: ModelSpec, options = {}) =>
  (await compilePipeline(spec, { stepsFile: STEPS_FILE }).begin().prepare(input, options)).items;

const finish = async (outputs: Tensors, spec: ModelSpec, options = {}): Promise<Finished> =>
  (await compilePipeline(spec, { stepsFile: STEPS_FILE })
    .begin()
    .take([], options)
    .finish([outputs])) as Finished;

describe('from an input to what the model takes', () => {
  test('the steps of a digit classifier run in order, into a tensor under the name of the input', async () => {
    const input = photo(40, 30);
    const steps = [DECODE, GRAY, RESIZE, RESCALE, NORMALIZE, TENSOR];
    const [item, ...others] = await prepare(input, specWith({ preprocessing: steps }));

    const rgb = input.data.filter((_, i) => i % 4 !== 3);
    const gray = grayscale({ width: 40, height: 30, channels: 3, data: rgb });
    const small = resize(gray, { width: 28, height: 28, resample: 2 });
    const expected = Array.from(small.data, (byte) => expect.closeTo((byte / 255 - 0.5) / 0.25, 5));
    expect(others).toEqual([]);
    expect(Object.keys(item ?? {})).toEqual(['pixel_values']);
    expect(item?.pixel_values?.shape).toEqual([1, 1, 28, 28]);
    expect(Array.from(item?.pixel_values?.data as Float32Array)).toEqual(expected);
  });

  test('transparency shows black', async () => {
    const spec = specWith({ preprocessing: [DECODE, TENSOR], inputs: [pixels([1, 3, 1, 2])] });
    const data = Uint8Array.of(200, 100, 50, 0, 200, 100, 51, 128);
    const [item] = await prepare({ width: 2, height: 1, data }, spec);
    expect(item?.pixel_values?.data).toEqual(Float32Array.of(0, 100, 0, 50, 0, 26));
  });

  test('colour keeps three channels, in either layout', async () => {
    const preprocessing = [DECODE, RESIZE, { ...TENSOR, layout: 'NHWC' }];
    const spec = specWith({ preprocessing, inputs: [pixels([1, 28, 28, 3])] });
    const [item] = await prepare(photo(28, 28), spec);
    expect(item?.pixel_values?.data).toEqual(
      Float32Array.from(photo(28, 28).data.filter((_, i) => i % 4 !== 3)),
    );
  });

  test('an image of another size than declared is refused when no step resizes it', async () => {
    const spec = specWith({ preprocessing: [DECODE, GRAY, TENSOR] });
    await expect(prepare(photo(27, 28), spec)).rejects.toMatchObject({
      code: 'input-invalid',
      message: expect.stringContaining('[n, 1, 28, 28]'),
    });
  });

  test('more pixels than the spec allows are refused', async () => {
    const preprocessing = [DECODE, GRAY, RESIZE, TENSOR];
    const spec = specWith({ preprocessing, limits: { maxInputPixels: 1199 } });
    await expect(prepare(photo(40, 30), spec)).rejects.toMatchObject({
      code: 'input-too-large',
      details: { width: 40, height: 30, maxPixels: 1199 },
    });
  });

  test('raw input for a model without preprocessing asks for tensors', async () => {
    await expect(prepare(photo(28, 28), specWith({}))).rejects.toMatchObject({
      code: 'input-invalid',
      message: expect.stringContaining('{ tensors }'),
    });
  });

  test('an aborted signal rejects with its reason before any work', async () => {
    const reason = new Error('no longer wanted');
    const spec = specWith({ preprocessing: [DECODE, GRAY, RESIZE, TENSOR] });
    const signal = AbortSignal.abort(reason);
    await expect(prepare(photo(28, 28), spec, { signal })).rejects.toBe(reason);
  });
});

describe('from what the model gives to a result', () => {
  const classify = specWith({ postprocessing: [SOFTMAX, TOP_2] });

  test('logits become labels with probabilities; best score, entropy and label are observed', async () => {
    const { output, observed } = await finish({ logits: logits(0, Math.log(3), 0) }, classify);
    expect(output).toEqual([
      { label: 'dog', score: expect.closeTo(0.6, 6) },
      { label: 'cat', score: expect.closeTo(0.2, 6) },
    ]);
    expect(Object.fromEntries(observed)).toEqual({
      confidence: expect.closeTo(0.6, 6),
      class: 'dog',
    });
  });

  test('a model that computes its own softmax keeps its scores', async () => {
    const spec = specWith({ postprocessing: [TOP_2] });
    const { output } = await finish({ logits: logits(0.25, 0.5, 0.25) }, spec);
    expect(output).toEqual([
      { label: 'dog', score: 0.5 },
      { label: 'cat', score: 0.25 },
    ]);
  });

  test('the caller’s topK replaces the spec’s', async () => {
    const outputs = { logits: logits(1, 2, 3) };
    expect((await finish(outputs, classify, { topK: 1 })).output).toHaveLength(1);
    expect((await finish(outputs, classify, { topK: 9 })).output).toHaveLength(3);
    await expect(finish(outputs, classify, { topK: 0 })).rejects.toThrow(RangeError);
  });

  test('without steps the tensors are the output', async () => {
    const outputs = { logits: logits(1, 2, 3) };
    const { output, observed } = await finish(outputs, specWith({}));
    expect(output).toEqual({ tensors: outputs });
    expect(observed.size).toBe(0);
  });

  test('a score that is not a number fails instead of becoming a result', async () => {
    for (const postprocessing of [[SOFTMAX, TOP_2], [TOP_2]]) {
      const failing = finish({ logits: logits(1, Number.NaN, 3) }, specWith({ postprocessing }));
      await expect(failing).rejects.toMatchObject({ code: 'backend-failed' });
    }
  });

  test('outputs that are not as declared fail', async () => {
    const integers = { datatype: 'INT8', shape: [1, 3], data: new Int8Array(3) } as Tensor;
    for (const outputs of [{}, { logits: integers }] as Tensors[]) {
      await expect(finish(outputs, classify)).rejects.toMatchObject({ code: 'backend-failed' });
    }
    const batch: Tensor = { datatype: 'FP32', shape: [2, 3], data: new Float32Array(6) };
    await expect(finish({ logits: batch }, classify)).rejects.toThrow(RangeError);
  });
});

describe('a chain that does not fit is refused before any input, naming part and step', () => {
  const refused = (differing: Differing) => {
    const spec = specWith(differing);
    for (const read of [checkPipeline, compilePipeline]) {
      try {
        read(spec);
      } catch (error) {
        return error as Error & { code: string; details: object };
      }
    }
    throw new Error('expected a refusal, got none');
  };

  test.each<[string, Differing, string]>([
    ['no decoding', { preprocessing: [GRAY, TENSOR] }, 'step 1 (grayscale)'],
    ['decoding twice', { preprocessing: [DECODE, DECODE, TENSOR] }, 'step 2 (decode-image)'],
    ['gray twice', { preprocessing: [DECODE, GRAY, GRAY, TENSOR] }, 'step 3 (grayscale)'],
    [
      'gray after rescaling',
      { preprocessing: [DECODE, RESCALE, GRAY, TENSOR] },
      'step 3 (grayscale): expected 8-bit RGB, got 3 channels of floats',
    ],
    [
      'one mean for three channels',
      { preprocessing: [DECODE, RESIZE, RESCALE, NORMALIZE, TENSOR] },
      'step 4 (normalize): expected 3 numbers each in image_mean and image_std, got 1 and 1',
    ],
    [
      'a zero in image_std',
      { preprocessing: [DECODE, GRAY, { ...NORMALIZE, image_std: [0] }, TENSOR] },
      'step 3 (normalize): expected image_std without zeros, got 0',
    ],
    [
      'a step after to-tensor',
      { preprocessing: [DECODE, GRAY, TENSOR, RESCALE] },
      'step 4 (rescale): expected an image, got a tensor',
    ],
    ['no to-tensor', { preprocessing: [DECODE, GRAY, RESIZE] }, 'preprocessing: expected a tensor'],
    [
      'another size than the model takes',
      {
        preprocessing: [DECODE, GRAY, { ...RESIZE, size: { height: 32, width: 32 } }, TENSOR],
      },
      "preprocessing: expected FP32 [n, 1, 28, 28] for input 'pixel_values', got FP32 [1, 1, 32, 32]",
    ],
    [
      'colour for a model of one channel',
      { preprocessing: [DECODE, RESIZE, TENSOR] },
      'got FP32 [1, 3, 28, 28]',
    ],
    [
      'two inputs to make',
      {
        preprocessing: [DECODE, GRAY, RESIZE, TENSOR],
        inputs: [pixels([-1, 1, 28, 28]), { name: 'mask', datatype: 'FP32', shape: [-1] }],
      },
      'expected one input that it makes, got several: pixel_values, mask',
    ],
    ['no top-k', { postprocessing: [SOFTMAX] }, 'postprocessing: expected a result'],
    ['a softmax after top-k', { postprocessing: [TOP_2, SOFTMAX] }, 'step 2 (softmax)'],
    [
      'integer scores',
      {
        postprocessing: [TOP_2],
        outputs: [{ name: 'logits', datatype: 'INT8', shape: [-1, 3] }],
      },
      "expected output 'logits' to be FP32 or FP64, got INT8 [n, 3]",
    ],
    [
      'labels of another number than the classes',
      {
        postprocessing: [SOFTMAX, TOP_2],
        outputs: [{ name: 'logits', datatype: 'FP32', shape: [-1, 4] }],
      },
      'step 2 (top-k): expected a label in id2label for each of 4 classes, 0 to 3, got 3: 0, 1, 2',
    ],
  ])('%s', (_, differing, message) => {
    expect(refused(differing)).toMatchObject({
      code: 'model-invalid',
      message: expect.stringContaining(message),
      details: { what: 'model.json', part: Object.keys(differing)[0] },
    });
  });

  test.each<[string, object, string]>([
    ['a step that there is not', { step: 'sharpen' }, 'step 2: expected ("decode-image" |'],
    ['a parameter that there is not', { ...GRAY, size: 3 }, 'step 2 (grayscale), size: expected'],
    [
      'a parameter that is wrong',
      { ...RESIZE, resample: 9 },
      'step 2 (resize), resample: expected',
    ],
    [
      'another multiple',
      { ...DECODE, reduced: 3 },
      'step 2 (decode-image), reduced: expected (2 | 4)',
    ],
  ])('%s', (_, step, message) => {
    expect(refused({ preprocessing: [DECODE, step, TENSOR] })).toMatchObject({
      code: 'metadata-malformed',
      message: expect.stringContaining(message),
    });
  });

  test('where only the model’s file knows its tensors, the steps still have to fit each other', () => {
    const unknown = { inputs: [], outputs: [] };
    const good = specWith({ preprocessing: [DECODE, GRAY, TENSOR], postprocessing: [TOP_2] });
    expect(() => checkPipeline({ ...good, ...unknown })).not.toThrow();
    const bad = specWith({ preprocessing: [DECODE, TENSOR, GRAY] });
    expect(() => checkPipeline({ ...bad, ...unknown })).toThrow('step 3 (grayscale)');
  });
});

describe('one input has one result', () => {
  const sound = [
    { step: 'decode-audio' },
    { step: 'mix-down' },
    { step: 'frame', frame_length: 4, hop_length: 4 },
  ];
  const ofSound = (postprocessing: object[], preprocessing: object[] = sound) =>
    specWith({ preprocessing, postprocessing, inputs: [pixels([-1, 4])] });

  test('where steps make many items, one has to put their results together', () => {
    expect(() => checkPipeline(ofSound([SOFTMAX, TOP_2]), STEPS_FILE)).toThrow(
      expect.objectContaining({
        code: 'model-invalid',
        message: expect.stringContaining('one result of all items'),
      }),
    );
    const combined = [SOFTMAX, { step: 'combine-windows', combine: 'mean' }, TOP_2];
    expect(() => checkPipeline(ofSound(combined), STEPS_FILE)).not.toThrow();
  });

  test('sound that is cut into frames is neither resampled nor cut again', () => {
    for (const step of [{ step: 'resample', sampling_rate: 16_000 }, sound[2] as object]) {
      expect(() => checkPipeline(ofSound([], [...sound, step]), STEPS_FILE)).toThrow(
        'before it is cut',
      );
    }
  });
});
