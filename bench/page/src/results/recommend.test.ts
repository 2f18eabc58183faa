import { expect, test } from 'vitest';
import { exampleResult } from './example-result.ts';
import { modelJsonValues, recommend } from './recommend.ts';

test('the smallest batch that is about as good as the best is recommended', () => {
  expect(recommend(exampleResult())).toEqual({ backend: 'onnx-wasm', variant: 'int8', batch: 16 });
});

test('a result in which no row of ours is ranked recommends nothing', () => {
  const result = exampleResult();
  result.rows = result.rows.map((row) => ({ ...row, isSoftwareGpu: true }));
  expect(recommend(result)).toBeUndefined();
});

test('the values are as model.json has them, with the best variant first', () => {
  const best = { backend: 'onnx-wasm', variant: 'int8', batch: 16 };
  const values = JSON.parse(modelJsonValues(best, [{ name: 'fp32' }, { name: 'int8' }]));
  expect(values).toEqual({
    variants: [{ name: 'int8' }, { name: 'fp32' }],
    batch: { axis: 0, max: 16, maxDelayMs: 2 },
  });
});
