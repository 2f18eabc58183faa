import { type ModelSpec, parseModelSpec } from '@nearside/core';
import { expect, test } from 'vitest';
import { noise } from '../fixtures/noise.js';
import { grayscale } from './grayscale.js';
import { preprocess } from './preprocess.js';
import { resize } from './resize.js';

const DECODE = { step: 'decode-image' } as const;
const GRAY = { step: 'grayscale' } as const;
const RESIZE = { step: 'resize', size: { height: 28, width: 28 }, resample: 2 } as const;
const RESCALE = { step: 'rescale', rescale_factor: 1 / 255 } as const;
const NORMALIZE = { step: 'normalize', image_mean: [0.5], image_std: [0.25] } as const;
const TENSOR = { step: 'to-tensor', layout: 'NCHW' } as const;

function specWith(
  preprocessing: readonly object[],
  { shape = [-1, 1, 28, 28], limits = {} }: { shape?: number[]; limits?: object } = {},
): ModelSpec {
  return parseModelSpec({
    format: 1,
    name: 'digits',
    version: '1.0.0',
    sequence: 1,
    task: 'image-classification',
    inputs: [{ name: 'pixel_values', datatype: 'FP32', shape }],
    outputs: [{ name: 'logits', datatype: 'FP32', shape: [-1, 10] }],
    preprocessing,
    postprocessing: [],
    variants: [{ name: 'fp32', runtime: 'onnx', dtype: 'fp32', files: ['model.onnx'] }],
    limits: { memoryBytes: 1_000_000, ...limits },
  });
}

/** Opaque RGBA, in a plain object: the form that Node can read. */
function photo(width: number, height: number) {
  const data = noise(width * height * 4, 11).map((byte, i) => (i % 4 === 3 ? 255 : byte));
  return { width, height, data };
}

test('the steps of a digit classifier run in order, into a tensor under the name of the input', async () => {
  const input = photo(40, 30);
  const tensors = await preprocess(
    input,
    specWith([DECODE, GRAY, RESIZE, RESCALE, NORMALIZE, TENSOR]),
  );

  const rgb = input.data.filter((_, i) => i % 4 !== 3);
  const small = resize(grayscale({ width: 40, height: 30, channels: 3, data: rgb }), {
    width: 28,
    height: 28,
    resample: 2,
  });
  expect(Object.keys(tensors)).toEqual(['pixel_values']);
  expect(tensors.pixel_values?.shape).toEqual([1, 1, 28, 28]);
  const expected = Array.from(small.data, (byte) => expect.closeTo((byte / 255 - 0.5) / 0.25, 5));
  expect(Array.from(tensors.pixel_values?.data as Float32Array)).toEqual(expected);
});

test('transparency shows black', async () => {
  const spec = specWith([DECODE, TENSOR], { shape: [1, 3, 1, 2] });
  const data = Uint8Array.of(200, 100, 50, 0, 200, 100, 51, 128);
  const { pixel_values } = await preprocess({ width: 2, height: 1, data }, spec);
  expect(pixel_values?.data).toEqual(Float32Array.of(0, 100, 0, 50, 0, 26));
});

test('colour keeps three channels, in either layout', async () => {
  const nhwc = specWith([DECODE, RESIZE, { ...TENSOR, layout: 'NHWC' }], { shape: [1, 28, 28, 3] });
  const { pixel_values } = await preprocess(photo(28, 28), nhwc);
  expect(pixel_values?.data).toEqual(
    Float32Array.from(photo(28, 28).data.filter((_, i) => i % 4 !== 3)),
  );
});

test('an image of another size than declared is refused when no step resizes it', async () => {
  const spec = specWith([DECODE, GRAY, TENSOR]);
  await expect(preprocess(photo(27, 28), spec)).rejects.toMatchObject({
    code: 'input-invalid',
    message: expect.stringContaining('[n, 1, 28, 28]'),
  });
});

test('more pixels than the spec allows are refused', async () => {
  const spec = specWith([DECODE, GRAY, RESIZE, TENSOR], { limits: { maxInputPixels: 1199 } });
  await expect(preprocess(photo(40, 30), spec)).rejects.toMatchObject({
    code: 'input-too-large',
    details: { width: 40, height: 30, maxPixels: 1199 },
  });
});

test('raw input for a model without preprocessing asks for tensors', async () => {
  await expect(preprocess(photo(28, 28), specWith([]))).rejects.toMatchObject({
    code: 'input-invalid',
    message: expect.stringContaining('{ tensors }'),
  });
});

test.each([
  ['no decoding', [GRAY, TENSOR]],
  ['decoding twice', [DECODE, DECODE, TENSOR]],
  ['gray twice', [DECODE, GRAY, GRAY, TENSOR]],
  ['gray after rescaling', [DECODE, RESCALE, GRAY, TENSOR]],
  ['one mean for three channels', [DECODE, RESIZE, RESCALE, NORMALIZE, TENSOR]],
  ['a zero in image_std', [DECODE, GRAY, { ...NORMALIZE, image_std: [0] }, TENSOR]],
  ['a step after to-tensor', [DECODE, GRAY, TENSOR, RESCALE]],
  ['no to-tensor', [DECODE, GRAY, RESIZE]],
])('a spec with %s is malformed', async (_, steps) => {
  await expect(preprocess(photo(28, 28), specWith(steps))).rejects.toMatchObject({
    code: 'metadata-malformed',
    message: expect.stringContaining('preprocessing: expected'),
  });
});

test('an aborted signal rejects with its reason before any work', async () => {
  const reason = new Error('no longer wanted');
  const spec = specWith([DECODE, GRAY, RESIZE, TENSOR]);
  await expect(preprocess(photo(28, 28), spec, { signal: AbortSignal.abort(reason) })).rejects.toBe(
    reason,
  );
});
