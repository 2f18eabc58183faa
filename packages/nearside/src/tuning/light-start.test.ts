import { expect, test } from 'vitest';
import { EMPTY_RECORD, type Measured } from '../choice/choice-record.js';
import { isKnownFaster, lossOf, pickLightStart } from './light-start.js';

const LIGHT = { backend: 'tfjs-wasm', variant: 'uint8' } as const;
const FAST = { backend: 'onnx-wasm', variant: 'int8' } as const;
const GPU = { backend: 'tfjs-webgpu', variant: 'uint8' } as const;

test('the next visit opens with the lightest runtime that was timed', () => {
  expect(pickLightStart(timed([LIGHT, 60], [FAST, 20]), FAST)).toEqual(LIGHT);
  expect(pickLightStart(timed([LIGHT, 20], [FAST, 60]), LIGHT)).toEqual(LIGHT);
});

test('but not where its first run would take what it is ready earlier', () => {
  expect(pickLightStart(timed([LIGHT, 121], [FAST, 20]), FAST)).toEqual(FAST);
});

test('nor with one that was too slow to be timed, was not tried, or failed for good', () => {
  expect(pickLightStart(timed([LIGHT, undefined], [FAST, 20]), FAST)).toEqual(FAST);
  expect(pickLightStart(timed([FAST, 20]), FAST)).toEqual(FAST);
  expect(pickLightStart(timed(), FAST)).toEqual(FAST);
  const choice = timed([LIGHT, 60], [FAST, 20]);
  const failed = { ...LIGHT, code: 'golden-mismatch', message: 'wrong', atMs: 0 } as const;
  const record = { ...choice.record, quarantined: [failed] };
  expect(pickLightStart({ record }, FAST)).toEqual(FAST);
});

test('nor with a GPU that is not the fastest: what it takes to start is not told by its bytes', () => {
  expect(pickLightStart(timed([GPU, 30], [FAST, 20]), FAST)).toEqual(FAST);
});

test('a run loses what it takes longer than on the fastest, in proportion to its own time', () => {
  const choice = timed([LIGHT, 60], [FAST, 20], [GPU, 30]);
  expect(lossOf(60, LIGHT, choice)).toBeCloseTo(40);
  expect(lossOf(6, LIGHT, choice)).toBeCloseTo(4);
  expect(lossOf(20, FAST, choice)).toBe(0);
});

test('a difference within the noise of a page is no loss, and neither is what was not timed', () => {
  expect(lossOf(60, LIGHT, timed([LIGHT, 60], [FAST, 55]))).toBe(0);
  expect(lossOf(60, LIGHT, timed([FAST, 20]))).toBe(0);
  expect(isKnownFaster(timed([LIGHT, 60], [FAST, 55]), FAST, LIGHT)).toBe(false);
  expect(isKnownFaster(timed([LIGHT, 60], [FAST, 20]), FAST, LIGHT)).toBe(true);
});

function timed(...rows: [Omit<Measured, 'p50Ms'>, number | undefined][]) {
  const measured = rows.map(([contender, p50Ms]) => ({ ...contender, p50Ms }));
  return { record: { ...EMPTY_RECORD, measured } };
}
