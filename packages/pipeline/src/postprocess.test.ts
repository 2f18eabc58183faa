import { type ModelSpec, parseModelSpec, type Tensor, type Tensors } from '@nearside/core';
import { expect, test } from 'vitest';
import { postprocess } from './postprocess.js';

const SOFTMAX = { step: 'softmax' } as const;
const TOP_2 = { step: 'top-k', top_k: 2, id2label: { 0: 'cat', 1: 'dog', 2: 'owl' } } as const;

function specWith(postprocessing: readonly object[]): ModelSpec {
  return parseModelSpec({
    format: 1,
    name: 'pets',
    version: '1.0.0',
    sequence: 1,
    task: 'image-classification',
    inputs: [{ name: 'pixel_values', datatype: 'FP32', shape: [-1, 3, 8, 8] }],
    outputs: [{ name: 'logits', datatype: 'FP32', shape: [-1, 3] }],
    preprocessing: [],
    postprocessing,
    variants: [{ name: 'fp32', runtime: 'onnx', dtype: 'fp32', files: ['model.onnx'] }],
    limits: { memoryBytes: 1_000_000 },
  });
}

function logits(...values: number[]): Tensor {
  return { datatype: 'FP32', shape: [1, values.length], data: Float32Array.from(values) };
}

test('logits become labels with probabilities, and all probabilities go to drift', () => {
  const { output, scores } = postprocess(
    { logits: logits(0, Math.log(3), 0) },
    specWith([SOFTMAX, TOP_2]),
  );
  expect(output).toEqual([
    { label: 'dog', score: expect.closeTo(0.6, 6) },
    { label: 'cat', score: expect.closeTo(0.2, 6) },
  ]);
  expect(scores).toHaveLength(3);
  expect(scores?.reduce((sum, score) => sum + score, 0)).toBeCloseTo(1, 12);
});

test('a model that computes its own softmax keeps its scores', () => {
  const { output } = postprocess({ logits: logits(0.25, 0.5, 0.25) }, specWith([TOP_2]));
  expect(output).toEqual([
    { label: 'dog', score: 0.5 },
    { label: 'cat', score: 0.25 },
  ]);
});

test('the caller’s topK replaces the spec’s', () => {
  const spec = specWith([SOFTMAX, TOP_2]);
  expect(postprocess({ logits: logits(1, 2, 3) }, spec, { topK: 1 }).output).toHaveLength(1);
  expect(postprocess({ logits: logits(1, 2, 3) }, spec, { topK: 9 }).output).toHaveLength(3);
  expect(() => postprocess({ logits: logits(1, 2, 3) }, spec, { topK: 0 })).toThrow(RangeError);
});

test('without steps the tensors are the output', () => {
  const outputs = { logits: logits(1, 2, 3) };
  expect(postprocess(outputs, specWith([]))).toEqual({
    output: { tensors: outputs },
    scores: undefined,
  });
});

test('a score that is not a number fails instead of becoming a result', () => {
  for (const steps of [[SOFTMAX, TOP_2], [TOP_2]]) {
    expect(() => postprocess({ logits: logits(1, Number.NaN, 3) }, specWith(steps))).toThrow(
      expect.objectContaining({ code: 'backend-failed' }),
    );
  }
});

test('a batch of several items is refused', () => {
  const batch: Tensor = { datatype: 'FP32', shape: [2, 3], data: new Float32Array(6) };
  expect(() => postprocess({ logits: batch }, specWith([SOFTMAX, TOP_2]))).toThrow(RangeError);
});

test.each([
  ['no top-k', [SOFTMAX], logits(1, 2, 3)],
  ['a softmax after top-k', [TOP_2, SOFTMAX], logits(1, 2, 3)],
  [
    'integer scores',
    [TOP_2],
    { datatype: 'INT8', shape: [1, 1], data: new Int8Array(1) } as Tensor,
  ],
  ['no such output', [TOP_2], undefined],
])('a spec with %s is malformed', (_, steps, tensor) => {
  const outputs: Tensors = tensor === undefined ? {} : { logits: tensor };
  expect(() => postprocess(outputs, specWith(steps))).toThrow(
    expect.objectContaining({ code: 'metadata-malformed' }),
  );
});
