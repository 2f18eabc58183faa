import { expect, test } from 'vitest';
import type { Contender } from '../../../shared/contenders.js';
import { EMPTY_RECORD } from '../../choice/backend-choice.js';
import { isKnownFaster, shareLost } from './loss-of-runs.js';

const LIGHT = { backend: 'tfjs-wasm', variant: 'uint8' } as const;
const FAST = { backend: 'onnx-wasm', variant: 'int8' } as const;
const ALL = ['tfjs-wasm', 'onnx-wasm', 'tfjs-webgpu'] as const;
const GPU = { backend: 'tfjs-webgpu', variant: 'uint8' } as const;

test('a run loses the share that it takes longer than on the fastest', () => {
  const known = timed([LIGHT, 60], [FAST, 20], [GPU, 30]);
  expect(shareLost(LIGHT, known, ALL)).toBeCloseTo(2 / 3);
  expect(shareLost(FAST, known, ALL)).toBe(0);
});

test('a difference within the noise of a page is no loss, and neither is what was not timed', () => {
  expect(shareLost(LIGHT, timed([LIGHT, 60], [FAST, 55]), ALL)).toBe(0);
  expect(shareLost(LIGHT, timed([FAST, 20]), ALL)).toBe(0);
  expect(isKnownFaster(timed([LIGHT, 60], [FAST, 55]), FAST, LIGHT)).toBe(false);
  expect(isKnownFaster(timed([LIGHT, 60], [FAST, 20]), FAST, LIGHT)).toBe(true);
});

test('nothing is lost beside one that failed, or that this page has no part in', () => {
  const known = timed([LIGHT, 60], [FAST, 20]);
  const failed = { ...FAST, code: 'backend-failed', message: 'no', atMs: 0 } as const;
  expect(shareLost(LIGHT, { ...known, passing: [failed] }, ALL)).toBe(0);
  expect(shareLost(LIGHT, known, ['tfjs-wasm'])).toBe(0);
});

function timed(...rows: [Contender, number][]) {
  const measured = rows.map(([contender, p50Ms]) => ({ ...contender, p50Ms }));
  return { record: { ...EMPTY_RECORD, measured }, passing: [] };
}
