import { expect, test } from 'vitest';
import { completeSpec } from './describe-files.js';

const VARIANT = {
  name: 'model',
  runtime: 'onnx',
  dtype: 'unknown',
  files: ['weights/My Model (2).onnx'],
} as const;
const DERIVED = { variant: { ...VARIANT, files: [...VARIANT.files] }, sizeBytes: 1000 };

test('a spec without anything is completed from the file', () => {
  expect(completeSpec({}, DERIVED)).toMatchObject({
    name: 'my-model-2',
    version: '0.0.0',
    sequence: 0,
    task: 'tensors',
    inputs: [],
    outputs: [],
    variants: [{ files: ['weights/My Model (2).onnx'] }],
    limits: { memoryBytes: 1000 },
  });
});

test('a file name with nothing usable in it makes a plain name', () => {
  const files = ['模型.onnx'];
  expect(completeSpec({}, { ...DERIVED, variant: { ...VARIANT, files } }).name).toBe('model');
});

test('what is given is taken', () => {
  const inputs = [{ name: 'x', datatype: 'FP32', shape: [-1, 3] }];
  const given = { name: 'ocr', version: '1.2.0', sequence: 4, inputs };
  expect(completeSpec(given, DERIVED)).toMatchObject({ ...given, outputs: [] });
});

test('what is given wrong is refused, and so is an unknown field', () => {
  for (const given of [{ name: 'Not A Name' }, { version: '1' }, { nonsense: 1 }, { inputs: [] }]) {
    expect(() => completeSpec(given, DERIVED)).toThrow(/^the spec, /);
  }
});
