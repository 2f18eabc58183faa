import { expect, test } from 'vitest';
import type { Evaluation, VariantEvaluation } from '../judging/evaluation.js';
import { describeEvaluation, partsTableOf } from './describe-evaluation.js';

const passed: VariantEvaluation = {
  items: 398,
  lost: 2,
  gained: 3,
  loss: -0.0025,
  low: -0.016,
  high: 0.01,
  verdict: 'passed',
  refusedFor: [],
  sizeBytes: 9,
  sha256: '',
  differing: 5,
  lostItems: ['a.png', 'b.png'],
  measures: { items: 398, right: 381 },
  halfFloats: ['fc.weight'],
  slices: {},
  labels: {},
  corruptions: {
    blur: {
      items: 50,
      lost: 1,
      gained: 0,
      loss: 0.02,
      low: -0.053,
      high: 0.105,
      verdict: 'undecided',
    },
  },
};

const evaluation = (
  int8: Partial<VariantEvaluation>,
  more: Partial<Evaluation> = {},
): Evaluation => ({
  format: 1,
  model: 'cats',
  version: '1.2.0',
  task: 'image-classification',
  maxLoss: 0.02,
  items: 400,
  itemsSha256: '',
  original: 'fp32',
  originalBytes: 36,
  originalSha256: '',
  originalMeasures: { items: 400, right: 383 },
  variants: { int8: { ...passed, ...int8 } },
  notEvaluated: {},
  ...more,
});

test('a part of the items has a row that says of how many it is, and whether they decide', () => {
  expect(partsTableOf(evaluation({}))).toEqual([
    ['variant', 'inputs', 'items', 'loss', 'verdict'],
    ['int8', 'blur', '50', '2.0 % (-5.3 to 10.5)', 'undecided'],
  ]);
  expect(partsTableOf(evaluation({ corruptions: {} }))).toEqual([]);
});

test('the sentences say what a loss below 0 is, what was repaired, and the original over the same items', () => {
  const text = describeEvaluation(evaluation({})).join('\n');
  expect(text).toContain('less than `fp32`; below 0 it has more.');
  expect(text).toContain(
    'these tensors are half floats, because it did not pass without: fc.weight.',
  );
  expect(text).toContain(
    '398 of 400 items were enough to judge `int8`: of these `fp32` gets 95.5 % right.',
  );
});

test('without right answers the loss is of those of the original', () => {
  const unknown = evaluation({ measures: { items: 0 } }, { originalMeasures: { items: 0 } });
  const text = describeEvaluation(unknown).join('\n');
  expect(text).toContain('the share of answers that are not those of `fp32`');
  expect(text).toContain('398 of 400 items were enough to judge `int8`.');
});

test('items that a refused variant lost are left out where its error names them', () => {
  const refused = evaluation({ verdict: 'refused', refusedFor: ['all items'] });
  expect(describeEvaluation(refused).join('\n')).toContain('a.png, b.png');
  const beside = describeEvaluation(refused, { namesLost: false }).join('\n');
  expect(beside).toContain('`int8` is refused for all items.');
  expect(beside).not.toContain('a.png');
});
