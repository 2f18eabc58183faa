import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RUNTIME_BYTES } from '../../../shared/contender-order.js';
import { createTuningBudget } from './time-beside.js';

const INT8 = { backend: 'onnx-wasm', variant: 'int8' } as const;
const FP32 = { backend: 'onnx-wasm', variant: 'fp32' } as const;
const ON_GPU = { backend: 'onnx-webgpu', variant: 'fp32' } as const;
const missingBytes = { int8: 1_000, fp32: 2_000 };
const onnx = RUNTIME_BYTES['onnx-wasm'];

test('two variants that share a runtime pay for its download once', () => {
  const budget = createTuningBudget(
    { maxBytes: onnx + 3_000, maxMs: 3_000 },
    { missingBytes, cachedRuntimes: new Set(), isCommon: false },
  );
  expect(budget.sizeOf(INT8)).toBe(onnx + 1_000);
  budget.chargeBytes(INT8);
  expect(budget.sizeOf(FP32)).toBe(2_000);
  expect(budget.objectionTo(FP32)).toBeUndefined();
  budget.chargeBytes(FP32);
  expect(budget.objectionTo(ON_GPU)).toMatch(/bytes to fetch, 0 left/);
});

test('a runtime that is here already costs nothing', () => {
  const cachedRuntimes = new Set(['onnx-wasm'] as const);
  const budget = createTuningBudget(
    { maxBytes: 1_000, maxMs: 1 },
    { missingBytes, cachedRuntimes, isCommon: false },
  );
  expect(budget.objectionTo(INT8)).toBeUndefined();
  expect(budget.objectionTo(FP32)).toMatch(/2000 bytes to fetch, 1000 left/);
});

test('what is paid for never comes to more than the budget, and time is up when it is spent', () => {
  const contender = fc.constantFrom(INT8, FP32, ON_GPU);
  fc.assert(
    fc.property(fc.array(contender), fc.nat(20_000_000), (contenders, maxBytes) => {
      const budget = createTuningBudget(
        { maxBytes, maxMs: 10 },
        { missingBytes, cachedRuntimes: new Set(), isCommon: false },
      );
      let paidBytes = 0;
      for (const contender of contenders) {
        if (budget.objectionTo(contender) !== undefined) continue;
        paidBytes += budget.sizeOf(contender);
        budget.chargeBytes(contender);
      }
      expect(paidBytes).toBeLessThanOrEqual(maxBytes);
      budget.chargeMs(10);
      for (const contender of contenders) expect(budget.objectionTo(contender)).toBeDefined();
    }),
  );
});
