import { expect, test } from 'vitest';
import type { Contender } from '../backends/contenders.js';
import { EMPTY_RECORD } from '../choice/choice-record.js';
import { isKnownFaster, lossOf } from './loss-of-runs.js';

const LIGHT = { backend: 'tfjs-wasm', variant: 'uint8' } as const;
const FAST = { backend: 'onnx-wasm', variant: 'int8' } as const;
const GPU = { backend: 'tfjs-webgpu', variant: 'uint8' } as const;

test('a run loses what it takes longer than on the fastest, in proportion to its own time', () => {
  const known = timed([LIGHT, 60], [FAST, 20], [GPU, 30]);
  expect(lossOf(60, LIGHT, known)).toBeCloseTo(40);
  expect(lossOf(6, LIGHT, known)).toBeCloseTo(4);
  expect(lossOf(20, FAST, known)).toBe(0);
});

test('a difference within the noise of a page is no loss, and neither is what was not timed', () => {
  expect(lossOf(60, LIGHT, timed([LIGHT, 60], [FAST, 55]))).toBe(0);
  expect(lossOf(60, LIGHT, timed([FAST, 20]))).toBe(0);
  expect(isKnownFaster(timed([LIGHT, 60], [FAST, 55]), FAST, LIGHT)).toBe(false);
  expect(isKnownFaster(timed([LIGHT, 60], [FAST, 20]), FAST, LIGHT)).toBe(true);
});

test('nothing is lost beside one that failed, or that this page has no part in', () => {
  const known = timed([LIGHT, 60], [FAST, 20]);
  const failed = { ...FAST, code: 'backend-failed', message: 'no', atMs: 0 } as const;
  expect(lossOf(60, LIGHT, { ...known, passing: [failed] })).toBe(0);
  expect(lossOf(60, LIGHT, { ...known, contenders: ['tfjs-wasm'] })).toBe(0);
});

function timed(...rows: [Contender, number][]) {
  const measured = rows.map(([contender, p50Ms]) => ({ ...contender, p50Ms }));
  const contenders = ['tfjs-wasm', 'onnx-wasm', 'tfjs-webgpu'] as const;
  return { record: { ...EMPTY_RECORD, measured }, passing: [], contenders };
}
