import { expect, test } from 'vitest';
import type { Contender } from '../../../shared/contenders.js';
import { type ChoiceRecord, EMPTY_RECORD } from '../backend-choice.js';
import { lightStart } from './remember-choice.js';

const LIGHT = { backend: 'tfjs-wasm', variant: 'uint8' } as const;
const LIGHT_TOO = { backend: 'tfjs-wasm', variant: 'fp32' } as const;
const FAST = { backend: 'onnx-wasm', variant: 'int8' } as const;
const GPU = { backend: 'tfjs-webgpu', variant: 'uint8' } as const;

test('the next visit opens with the lightest wasm runtime that was timed', () => {
  expect(lightStart(after(FAST, [LIGHT, 60], [FAST, 20]))).toEqual(LIGHT);
  expect(lightStart(after(LIGHT, [LIGHT, 20], [FAST, 60]))).toEqual(LIGHT);
  expect(lightStart(after(GPU, [LIGHT, 60], [FAST, 20], [GPU, 10]))).toEqual(LIGHT);
});

test('of two variants on it with the faster one', () => {
  expect(lightStart(after(FAST, [LIGHT, 90], [LIGHT_TOO, 40], [FAST, 20]))).toEqual(LIGHT_TOO);
});

test('but not where its first run would take what it is ready earlier', () => {
  expect(lightStart(after(FAST, [LIGHT, 121], [FAST, 20]))).toEqual(FAST);
});

test('nor with one that was too slow to be timed, was not tried, or failed for good', () => {
  expect(lightStart(after(FAST, [LIGHT, undefined], [FAST, 20]))).toEqual(FAST);
  expect(lightStart(after(FAST, [FAST, 20]))).toEqual(FAST);
  expect(lightStart(after(FAST))).toEqual(FAST);
  expect(lightStart(EMPTY_RECORD)).toBeUndefined();
  const failed = { ...LIGHT, code: 'golden-mismatch', message: 'wrong', atMs: 0 } as const;
  const record = after(FAST, [LIGHT, 60], [FAST, 20]);
  expect(lightStart({ ...record, quarantined: [failed] })).toEqual(FAST);
});

test('nor with a GPU that is not the fastest: what it takes to start is not told by its bytes', () => {
  expect(lightStart(after(FAST, [GPU, 30], [FAST, 20]))).toEqual(FAST);
});

/** What is known at the end of a visit. */
function after(start: Contender, ...rows: [Contender, number | undefined][]): ChoiceRecord {
  const measured = rows.map(([contender, p50Ms]) => ({ ...contender, p50Ms }));
  return { ...EMPTY_RECORD, start, measured };
}
