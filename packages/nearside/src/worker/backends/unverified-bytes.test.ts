import { expect, test } from 'vitest';
import type { InstalledVersion, UnsignedVersion } from '../hosted-version.js';
import type { ModelFiles, WeightFiles } from './backend.js';
import { chunkUnverified, readUnverified } from './unverified-bytes.js';

test('bytes are read as they are, and the compiler keeps them off the path of installed models', async () => {
  const bytes = await readUnverified(new Blob([Uint8Array.of(1, 2, 3)]));
  const files: ModelFiles = new Map([['model.onnx', bytes]]);
  // @ts-expect-error `open` has its files read by something that verifies them
  const readWhole: InstalledVersion['readWhole'] = async () => new Map([['model.onnx', bytes]]);
  const weights: WeightFiles = new Map([
    ['model.onnx.weights', chunkUnverified(new Blob(['abc']))],
  ]);
  const read = async () => ({ files, weights, fetchedBytes: 0, baseline: undefined });
  // @ts-expect-error by name or by variant
  const readVariant: InstalledVersion['readVariant'] = read;
  // @ts-expect-error a version that nobody vouches for stands in for no installed one
  const asInstalled = (version: UnsignedVersion): InstalledVersion => version;
  // @ts-expect-error bytes without a brand reach no runtime, on neither path
  const unbranded: ModelFiles = new Map([['model.onnx', Uint8Array.of(1)]]);
  const anyChunk = { chunkBytes: [1], read: async () => Uint8Array.of(1) };
  // @ts-expect-error nor do chunks without one
  const unbrandedChunks: WeightFiles = new Map([['model.onnx.weights', anyChunk]]);
  expect([weights.size, unbrandedChunks.size]).toEqual([1, 1]);
  expect([...bytes]).toEqual([1, 2, 3]);
  expect([files.size, unbranded.size, (await readWhole([])).size]).toEqual([1, 1, 1]);
  expect([readVariant, asInstalled]).toHaveLength(2);
});

test('a picked file is read piece by piece, and again whenever asked', async () => {
  const size = 4 * 1024 * 1024 + 3;
  const bytes = new Uint8Array(size).fill(7, 1000).fill(9, size - 2);
  const file = chunkUnverified(new Blob([bytes]));
  expect(file.chunkBytes).toEqual([size - 3, 3]);
  for (const index of [1, 0, 1]) {
    const chunk = await file.read(index);
    const expected = bytes.subarray(index * (size - 3), index * (size - 3) + chunk.length);
    expect(Buffer.from(expected).equals(chunk)).toBe(true);
  }
  expect(chunkUnverified(new Blob([])).chunkBytes).toEqual([]);
});
