import { expect, test } from 'vitest';
import { parseModelSpec } from './parse-model-spec.js';
import { partsOf, resourceFiles, sessionFiles, stagesOf } from './stages.js';

const tensor = (name: string) => ({ name, datatype: 'FP32', shape: [-1] });
const model = {
  inputs: [tensor('x')],
  outputs: [tensor('y')],
  preprocessing: [{ step: 'a' }],
  postprocessing: [{ step: 'b' }],
};
const common = {
  format: 1,
  name: 'reader',
  version: '1.0.0',
  sequence: 1,
  task: 'ocr',
  limits: { memoryBytes: 1 },
};
const detect = { name: 'detect', ...model };
const recognize = {
  name: 'recognize',
  each: 'detect',
  ...model,
  resources: { keys: 'keys.txt' },
};
const int8 = {
  name: 'int8',
  runtime: 'onnx',
  dtype: 'int8',
  stages: {
    detect: { dtype: 'fp32', files: ['detect.onnx'] },
    recognize: { files: ['recognize.onnx'], dimensions: { n: 1 } },
  },
};
const staged = { ...common, stages: [detect, recognize], variants: [int8] };
const plain = {
  ...common,
  ...model,
  variants: [{ name: 'fp32', runtime: 'onnx', dtype: 'fp32', files: ['model.onnx'] }],
};

test('a spec of one model is one stage without a name', () => {
  const spec = parseModelSpec(plain);
  expect(stagesOf(spec).map(({ name }) => name)).toEqual(['']);
  expect(partsOf(spec.variants[0] as never)).toEqual(spec.variants);
});

test('every stage has files of its own in a variant, and what it does not say is the variant’s', () => {
  const spec = parseModelSpec(staged);
  const [variant] = spec.variants;
  if (!variant) throw new TypeError('expected a variant');
  expect(stagesOf(spec).map(({ name }) => name)).toEqual(['detect', 'recognize']);
  expect(partsOf(variant)).toEqual([
    { name: 'int8', runtime: 'onnx', dtype: 'fp32', files: ['detect.onnx'] },
    {
      name: 'int8',
      runtime: 'onnx',
      dtype: 'int8',
      files: ['recognize.onnx'],
      dimensions: { n: 1 },
    },
  ]);
  expect(sessionFiles(variant)).toEqual(['detect.onnx', 'recognize.onnx']);
  expect(resourceFiles(spec)).toEqual(['keys.txt']);
});

test.each<[string, object, string]>([
  ['no model at all', { ...plain, inputs: [] }, 'model.json, inputs: expected one or more'],
  ['a model beside stages', { ...staged, inputs: model.inputs }, 'inputs: expected none beside'],
  ['one stage', { ...staged, stages: [detect] }, 'stages'],
  [
    'two stages of one name',
    { ...staged, stages: [detect, { ...recognize, name: 'detect' }] },
    "stages.1.name: expected a name of its own, got 'detect' twice",
  ],
  [
    'a loop of stages',
    { ...staged, stages: [{ ...detect, each: 'recognize' }, recognize] },
    "stages.0.each: expected none in the first stage, got 'recognize'",
  ],
  [
    'a stage for each of nothing',
    { ...staged, stages: [detect, { ...recognize, each: undefined }] },
    "stages.1.each: expected 'detect', got none",
  ],
  [
    'a stage without steps',
    { ...staged, stages: [detect, { ...recognize, preprocessing: [] }] },
    'stages.1.preprocessing: expected one or more, got none',
  ],
  [
    'a variant that leaves a stage out',
    { ...staged, variants: [{ ...int8, stages: { detect: int8.stages.detect } }] },
    'variants.0.stages: expected detect, recognize, got detect',
  ],
  [
    'stages of a variant alone',
    { ...plain, variants: [int8] },
    'variants.0.stages: expected none, as the spec has none',
  ],
  [
    'a variant of one file of TensorFlow.js',
    {
      ...plain,
      variants: [
        { name: 't', runtime: 'tfjs', format: 'graph-model', dtype: 'fp32', files: ['m.json'] },
      ],
    },
    'variants.0.files: expected 2 or more, got 1',
  ],
])('%s is refused', (_, spec, message) => {
  expect(() => parseModelSpec(spec)).toThrow(
    expect.objectContaining({
      code: 'metadata-malformed',
      message: expect.stringContaining(message),
    }),
  );
});

test('a variant may say how much memory it needs', () => {
  const needing = (memoryBytes: number) => ({ ...staged, variants: [{ ...int8, memoryBytes }] });
  expect(parseModelSpec(needing(65_536)).variants[0]?.memoryBytes).toBe(65_536);
  for (const memoryBytes of [0, 1.5, -1]) {
    expect(() => parseModelSpec(needing(memoryBytes))).toThrow('variants.0.memoryBytes');
  }
});

test('a stage has up to 64 steps before it, and as many after it', () => {
  const steps = (count: number) => Array.from({ length: count }, () => ({ step: 'a' }));
  expect(parseModelSpec({ ...plain, preprocessing: steps(64) }).preprocessing).toHaveLength(64);
  for (const part of ['preprocessing', 'postprocessing']) {
    expect(() => parseModelSpec({ ...plain, [part]: steps(65) })).toThrow(
      new RegExp(`${part}.*64`),
    );
  }
});
