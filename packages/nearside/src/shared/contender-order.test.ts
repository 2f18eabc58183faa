import type { Variant } from '@nearside/core';
import { expect, test } from 'vitest';
import { AVAILABLE_BACKENDS } from './api/backends.js';
import {
  bytesToFetch,
  findSmallestDownload,
  isOutranked,
  listContenders,
  orderByBytes,
} from './contender-order.js';
import { runsOnCpu } from './contenders.js';

const variant = (name: string, runtime: 'onnx' | 'tfjs') =>
  ({ name, runtime, dtype: 'fp32', files: [] }) as unknown as Variant;
const DIGITS = [variant('int8', 'onnx'), variant('fp32', 'onnx'), variant('uint8', 'tfjs')];
const WASM = AVAILABLE_BACKENDS.filter(runsOnCpu);
const FULL = { isCommon: false };
const NOTHING_CACHED = { cachedRuntimes: new Set<never>(), ...FULL };

test('the first variant of every backend comes before the second of any', () => {
  const names = listContenders(DIGITS, WASM).map(({ backend, variant }) => `${variant}/${backend}`);
  expect(names).toEqual(['int8/onnx-wasm', 'uint8/tfjs-wasm', 'fp32/onnx-wasm']);
});

test('a backend without a variant of its runtime is no contender', () => {
  expect(listContenders([variant('only', 'tfjs')], WASM)).toEqual([
    { backend: 'tfjs-wasm', variant: 'only' },
  ]);
});

test('on an empty cache a small model starts on the light runtime', () => {
  const missingBytes = { int8: 30_000, fp32: 100_000, uint8: 28_000 };
  const [first] = orderByBytes(listContenders(DIGITS, WASM), { missingBytes, ...NOTHING_CACHED });
  expect(first).toEqual({ backend: 'tfjs-wasm', variant: 'uint8' });
});

test('weights that outweigh the larger runtime turn the order round', () => {
  const missingBytes = { int8: 3_000_000, fp32: 12_000_000, uint8: 9_000_000 };
  const [first] = orderByBytes(listContenders(DIGITS, WASM), { missingBytes, ...NOTHING_CACHED });
  expect(first).toEqual({ backend: 'onnx-wasm', variant: 'int8' });
});

test('where the common file of ONNX Runtime is enough, weights have to outweigh less', () => {
  const missingBytes = { int8: 1_000_000, fp32: 4_000_000, uint8: 3_000_000 };
  expect(findSmallestDownload(DIGITS, WASM, { missingBytes, isCommon: true })).toBe('onnx-wasm');
  expect(findSmallestDownload(DIGITS, WASM, { missingBytes, ...FULL })).toBe('tfjs-wasm');
});

test("with everything on the device the publisher's order decides", () => {
  const missingBytes = { int8: 0, fp32: 0, uint8: 0 };
  const contents = { missingBytes, cachedRuntimes: new Set(AVAILABLE_BACKENDS), ...FULL };
  expect(bytesToFetch({ backend: 'onnx-wasm', variant: 'int8' }, contents)).toBe(0);
  const [first] = orderByBytes(listContenders(DIGITS, WASM), contents);
  expect(first).toEqual({ backend: 'onnx-wasm', variant: 'int8' });
});

test('weights that are all here came with a runtime, which is not fetched again', () => {
  const missingBytes = { int8: 0, fp32: 70_000, uint8: 28_000 };
  expect(findSmallestDownload(DIGITS, WASM, { missingBytes, ...FULL })).toBe('onnx-wasm');
});

test('of a model that is all here, as files that a user picked are, the order stays as it is', () => {
  const missingBytes = { int8: 0, fp32: 0, uint8: 0 };
  expect(findSmallestDownload(DIGITS, ['tfjs-wasm', 'onnx-wasm'], { missingBytes, ...FULL })).toBe(
    'tfjs-wasm',
  );
  expect(findSmallestDownload(DIGITS, ['onnx-wasm', 'tfjs-wasm'], { missingBytes, ...FULL })).toBe(
    'onnx-wasm',
  );
});

test('a device that knows nothing never starts on a GPU by a guess', () => {
  const missingBytes = { int8: 30_000, fp32: 100_000, uint8: 28_000 };
  expect(findSmallestDownload(DIGITS, AVAILABLE_BACKENDS, { missingBytes, ...FULL })).toBe(
    'tfjs-wasm',
  );
  expect(findSmallestDownload(DIGITS, ['onnx-webgpu'], { missingBytes, ...FULL })).toBeUndefined();
});

test("of variants that compute in one type the publisher's first is timed, on each runtime, and the others never", () => {
  const of = (name: string, dtype: string, runtime: 'onnx' | 'tfjs' = 'onnx') => {
    return { ...variant(name, runtime), dtype } as Variant;
  };
  const variants = [
    of('uint8', 'fp32', 'tfjs'),
    of('int8', 'fp32'),
    of('int8-lean', 'fp32'),
    of('half', 'fp16'),
    of('one', 'unknown'),
    of('other', 'unknown'),
  ];
  const timed = listContenders(variants, WASM).filter((one) => !isOutranked(one, variants));
  expect(timed.map((one) => one.variant)).toEqual(['int8', 'uint8', 'half', 'one', 'other']);
});
