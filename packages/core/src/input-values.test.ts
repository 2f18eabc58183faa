import { expect, test } from 'vitest';
import { constantInputs } from './input-values.js';
import { callerInputs } from './model-state.js';
import { parseModelSpec } from './parse-model-spec.js';

const SAMPLES = { name: 'input', datatype: 'FP32', shape: [1, 512] };

function specWith(constant: object, rest: object = {}) {
  return parseModelSpec({
    format: 1,
    name: 'vad',
    version: '1.0.0',
    sequence: 1,
    task: 'tensors',
    inputs: [SAMPLES, constant],
    outputs: [{ name: 'output', datatype: 'FP32', shape: [1, 1] }],
    preprocessing: [],
    postprocessing: [],
    variants: [{ name: 'fp32', runtime: 'onnx', dtype: 'fp32', files: ['model.onnx'] }],
    limits: { memoryBytes: 1_000_000 },
    ...rest,
  });
}

test('an input that is always the same is given by the library, and by nobody else', () => {
  const spec = specWith({ name: 'sr', datatype: 'INT64', shape: [], value: 16_000 });
  expect(callerInputs(spec)).toEqual([SAMPLES]);
  expect(constantInputs(spec)).toEqual({
    sr: { datatype: 'INT64', shape: [], data: BigInt64Array.of(16_000n) },
  });
});

test('one number stands for every element; several are row-major', () => {
  const filled = specWith({ name: 'scale', datatype: 'FP32', shape: [2, 2], value: 0.5 });
  expect(constantInputs(filled).scale?.data).toEqual(Float32Array.of(0.5, 0.5, 0.5, 0.5));
  const listed = specWith({ name: 'scale', datatype: 'INT8', shape: [2, 2], value: [1, 2, 3, 4] });
  expect(constantInputs(listed).scale?.data).toEqual(Int8Array.of(1, 2, 3, 4));
});

test.each([
  ['of a free shape', { shape: [-1], value: 1 }, 'numbers of a fixed shape, got FP32 [n]'],
  ['of text', { datatype: 'BYTES', value: 1 }, 'numbers of a fixed shape'],
  ['of half floats, which are bits', { datatype: 'FP16', value: 1 }, 'numbers of a fixed shape'],
  ['with another number of elements', { value: [1, 2, 3] }, 'one number or 2, got 3'],
  ['with a fraction of an integer', { datatype: 'INT64', value: 0.5 }, 'INT64 can hold, got 0.5'],
  ['too large for its datatype', { datatype: 'INT8', value: 300 }, 'INT8 can hold, got 300'],
  ['below zero without a sign', { datatype: 'UINT8', value: -1 }, 'UINT8 can hold, got -1'],
  ['beyond a float', { value: 1e300 }, 'FP32 can hold, got 1e+300'],
  ['neither true nor false', { datatype: 'BOOL', value: 2 }, 'BOOL can hold, got 2'],
])('a value %s is refused', (_, constant, message) => {
  const input = { name: 'sr', datatype: 'FP32', shape: [2], ...constant };
  expect(() => specWith(input)).toThrow(
    expect.objectContaining({
      code: 'metadata-malformed',
      message: expect.stringContaining(message),
    }),
  );
});

test('state has no value', () => {
  const state = { name: 'state', datatype: 'FP32', shape: [1], value: 0 };
  const rest = {
    outputs: [
      { name: 'output', datatype: 'FP32', shape: [1, 1] },
      { name: 'next', datatype: 'FP32', shape: [1] },
    ],
    state: [{ input: 'state', output: 'next' }],
  };
  expect(() => specWith(state, rest)).toThrow('state or a value, got both');
});
