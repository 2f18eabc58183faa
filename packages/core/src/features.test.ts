import { expect, test } from 'vitest';
import { parseModelSpec } from './parse-model-spec.js';

function specWith(...features: object[]) {
  return parseModelSpec({
    format: 1,
    name: 'risk',
    version: '1.0.0',
    sequence: 1,
    task: 'tabular-classification',
    features,
    inputs: [{ name: 'row', datatype: 'FP32', shape: [-1, 1] }],
    outputs: [{ name: 'logit', datatype: 'FP32', shape: [-1, 1] }],
    preprocessing: [],
    postprocessing: [],
    variants: [{ name: 'fp32', runtime: 'onnx', dtype: 'fp32', files: ['model.onnx'] }],
    limits: { memoryBytes: 1_000_000 },
  });
}

const AGE = { name: 'age', type: 'number', range: [0, 120], default: 50 };
const SITE = { name: 'site', type: 'category', categories: ['left', 'right'], default: 'left' };

test('features that fit each other are taken as they are', () => {
  expect(specWith(AGE, SITE).features).toEqual([AGE, SITE]);
});

test.each<[string, object[], string]>([
  ['two of one name', [AGE, { ...SITE, name: 'age' }], "'age': expected one of this name, got two"],
  [
    'a range upside down',
    [{ ...AGE, range: [5, 1], default: 3 }],
    'from the smallest to the largest',
  ],
  ['a default outside the range', [{ ...AGE, default: 500 }], 'a default from 0 to 120, got 500'],
  [
    'a default that is no category',
    [{ ...SITE, default: 'top' }],
    'a default among left, right, got top',
  ],
  ['a category twice', [{ ...SITE, categories: ['left', 'left'] }], 'each category once'],
  ['a number that JSON cannot hold', [{ ...AGE, default: Number.POSITIVE_INFINITY }], 'default'],
  [
    'a name that makes a record look like tensors',
    [{ ...AGE, name: 'tensors' }],
    "other than 'tensors'",
  ],
  ['a kind that there is not', [{ ...AGE, type: 'date' }], 'type'],
])('%s is refused', (_, features, message) => {
  expect(() => specWith(...features)).toThrow(
    expect.objectContaining({
      code: 'metadata-malformed',
      message: expect.stringContaining(message),
    }),
  );
});
