import type { Tensor, Variant } from '@nearside/core';
import { expect, test } from 'vitest';
import { deriveTolerance, joinTolerances } from './derive-tolerance.js';

const FP32: Variant = { name: 'fp32', runtime: 'onnx', dtype: 'fp32', files: ['model.onnx'] };

function tensor(...values: readonly number[]): Tensor {
  return { datatype: 'FP32', shape: [values.length], data: Float32Array.from(values) };
}

function derive(expected: readonly number[], others: Record<string, readonly number[]> = {}) {
  const ways = Object.entries(others).map(([way, values]) => [way, [tensor(...values)]] as const);
  const output = { name: 'y', expected: [tensor(...expected)], others: new Map(ways) };
  return deriveTolerance(FP32, [output]);
}

test('the worst of the other ways to compute it uses at most half of a tolerance', () => {
  const { bounds, report } = derive([1, 2], { disabled: [1, 2.0005], basic: [1, 2.01] });
  const { abs, rel } = bounds.y as { abs: number; rel: number };
  expect(0.01 / (abs + rel * 2)).toBeLessThanOrEqual(0.5);
  expect(report).toEqual([
    expect.stringMatching(
      /^fp32, y: .+ \(disabled, basic\) answers differ by at most 476\.\d % of the tolerance, abs 0\.0001/,
    ),
  ]);
  expect(derive([1, 2], { disabled: [1, 2.0005] }).report).toEqual([]);
});

test('small numbers get a tolerance by which zero everywhere does not pass', () => {
  expect(derive([1, 2]).bounds.y?.abs).toBe(1e-4);
  expect(derive([2e-5, 9e-5]).bounds.y?.abs).toBe(1e-5);
});

test('a variant has the widest tolerance, and its outputs their own where they differ', () => {
  const [narrow, wide] = [
    { abs: 1e-4, rel: 1e-3 },
    { abs: 1e-2, rel: 1e-3 },
  ] as const;
  const stage = { name: 'find', inputs: [], outputs: [], preprocessing: [], postprocessing: [] };
  expect(joinTolerances([[{ ...stage, name: '' }, { y: narrow }]])).toEqual(narrow);
  expect(joinTolerances([[stage, { boxes: wide, scores: narrow }]])).toEqual({
    ...wide,
    outputs: { 'find/boxes': wide, 'find/scores': narrow },
  });
});
