import { type Feature, type ModelSpec, parseModelSpec, type Tensor } from '@nearside/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import known from '../../fixtures/tabular.json' with { type: 'json' };
import type { Finished } from '../flow.js';
import { checkPipeline, compilePipeline } from '../pipeline.js';
import { STEPS_FILE } from '../steps-file.js';
import { decide } from './decide.js';
import { sigmoid } from './sigmoid.js';

const FEATURES: Feature[] = [
  { name: 'age', type: 'number' },
  { name: 'size', type: 'number', default: 5 },
  { name: 'site', type: 'category', categories: known.sites, default: 'middle' },
  { name: 'smoker', type: 'boolean' },
];
const DEFAULTS = { step: 'defaults' };
const ONE_HOT = { step: 'one-hot' };
const SCALE = { step: 'scale', mean: known.mean, scale: known.scale };
const ID_TO_LABEL = { 0: 'benign', 1: 'malignant' };
const DECIDE = { step: 'decide', threshold: known.threshold, id2label: ID_TO_LABEL };

function specWith(differing: object = {}) {
  return parseModelSpec({
    format: 1,
    name: 'risk',
    version: '1.0.0',
    sequence: 1,
    task: 'tabular-classification',
    features: FEATURES,
    inputs: [{ name: 'row', datatype: 'FP32', shape: [-1, 6] }],
    outputs: [{ name: 'logit', datatype: 'FP64', shape: [-1, 1] }],
    preprocessing: [DEFAULTS, ONE_HOT, SCALE],
    postprocessing: [{ step: 'sigmoid' }, DECIDE],
    variants: [{ name: 'fp32', runtime: 'onnx', dtype: 'fp32', files: ['model.onnx'] }],
    limits: { memoryBytes: 1_000_000 },
    ...differing,
  });
}

const ofRow = (value: number): Tensor => ({
  datatype: 'FP64',
  shape: [1, 1],
  data: Float64Array.of(value),
});

const rowsOf = async (spec: ModelSpec, record: unknown) =>
  (await compilePipeline(spec, { stepsFile: STEPS_FILE }).begin().prepare(record)).items;

const finish = async (spec: ModelSpec, logit: number): Promise<Finished> => {
  const given = compilePipeline(spec, { stepsFile: STEPS_FILE }).begin().take([]);
  return (await given.finish([{ logit: ofRow(logit) }])) as Finished;
};

describe('records become what scikit-learn makes of them', () => {
  test.each(known.records.map((record, i) => ({ record, i })))('row $i', async ({ record, i }) => {
    const [item] = await rowsOf(specWith(), record);
    const row = item?.row;
    expect(row?.shape).toEqual([1, 6]);
    expect(row?.data).toEqual(Float32Array.from(known.scaled[i] as number[]));
  });

  test('unscaled, in the order of the features', async () => {
    const spec = specWith({ preprocessing: [DEFAULTS, ONE_HOT] });
    const [item] = await rowsOf(spec, known.records[3]);
    expect(item?.row?.data).toEqual(Float32Array.from(known.encoded[3] as number[]));
  });

  test('what defaults stand in for is told', async () => {
    const told: string[] = [];
    const onSubstitute = (...note: string[]) => told.push(note.join(' '));
    const record = { age: 40, size: Number.NaN, smoker: true };
    await compilePipeline(specWith(), { stepsFile: STEPS_FILE })
      .begin()
      .prepare(record, { onSubstitute });
    expect(told).toEqual(['size invalid', 'site missing']);
  });
});

describe('a logit becomes what scikit-learn decides', () => {
  test.each(known.logits.map((logit, i) => ({ logit, i })))('row $i', async ({ logit, i }) => {
    const { output, observed } = await finish(specWith(), logit);
    const [first, second] = output as { label: string; score: number }[];
    const p = known.probabilities[i] as number;
    const isMalignant = known.decisions[i] === 1;
    expect(first?.label).toBe(isMalignant ? 'malignant' : 'benign');
    expect(first?.score).toBeCloseTo(isMalignant ? p : 1 - p, 9);
    expect(second?.score).toBeCloseTo(isMalignant ? 1 - p : p, 9);
    expect(observed.get('class')).toBe(first?.label);
    expect(observed.get('confidence')).toBeCloseTo(Math.max(p, 1 - p), 9);
  });
});

test('a sigmoid is between 0 and 1, grows, and is 1 less its mirror’s', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true }), fc.double({ noNaN: true }), (x, y) => {
      const [a, b, mirrored] = sigmoid(Float64Array.of(x, y, -x)) as Iterable<number> as number[];
      expect(a).toBeGreaterThanOrEqual(0);
      expect(a).toBeLessThanOrEqual(1);
      if (x > y) expect(a).toBeGreaterThanOrEqual(b as number);
      expect(a).toBeCloseTo(1 - (mirrored as number), 12);
    }),
  );
});

test('the decision comes first, whatever its score; of several others the best', () => {
  const id2label = { 0: 'cat', 1: 'dog', 2: 'owl' };
  const scores = Float64Array.of(0.5, 0.2, 0.3);
  const labels = (threshold: number) =>
    decide(scores, { positive: 1, threshold, id2label }).map(({ label }) => label);
  expect(labels(0.2)).toEqual(['dog', 'cat', 'owl']);
  expect(labels(0.21)).toEqual(['cat', 'owl', 'dog']);
});

test('a regression gives values with their units, as they were before they were scaled', async () => {
  const target = [{ mean: 10, scale: 2 }];
  const postprocessing = [{ step: 'regression', units: ['mg'], target }];
  const { output, observed } = await finish(specWith({ postprocessing }), 1.5);
  expect(output).toEqual([{ value: 13, unit: 'mg' }]);
  expect(observed.get('value')).toBe(13);
});

test('a temperature divides logits', async () => {
  const postprocessing = [{ step: 'temperature', temperature: 2 }, { step: 'sigmoid' }, DECIDE];
  const { output } = await finish(specWith({ postprocessing }), 3);
  expect((output as { score: number }[])[0]?.score).toBeCloseTo(1 / (1 + Math.exp(-1.5)), 12);
});

test.each<[string, object, string]>([
  [
    'no features',
    { features: undefined },
    '(defaults): expected `features` in model.json, got none',
  ],
  [
    'scaling for another number of columns',
    { preprocessing: [DEFAULTS, ONE_HOT, { ...SCALE, mean: [1] }] },
    '(scale): expected 6 numbers each in mean and scale, got 1 and 6',
  ],
  [
    'a model of another number of columns',
    { inputs: [{ name: 'row', datatype: 'FP32', shape: [-1, 5] }] },
    "expected FP32 [n, 5] for input 'row', got FP32 [1, 6]",
  ],
  [
    'one-hot before there is a record',
    { preprocessing: [ONE_HOT, SCALE] },
    'step 1 (one-hot): expected a complete record, got the input as it was given',
  ],
  [
    'a positive class without a label',
    { postprocessing: [{ ...DECIDE, positive: 2 }] },
    '(decide): expected a label for the positive class 2',
  ],
  [
    'units for another number of values',
    { postprocessing: [{ step: 'regression', units: ['mg', 'ml'] }] },
    '(regression): expected a unit for each of 1 values, got 2',
  ],
])('%s is refused by pack and by devices', (_, differing, message) => {
  expect(() => checkPipeline(specWith(differing), STEPS_FILE)).toThrow(
    expect.objectContaining({ code: 'model-invalid', message: expect.stringContaining(message) }),
  );
});
