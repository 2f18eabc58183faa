import { expect, test } from 'vitest';
import type { InstalledVersion, UnsignedVersion } from '../hosted-version.js';
import { type ModelFiles, readUnverified } from './backend.js';

test('bytes are read as they are, and the compiler keeps them off the path of installed models', async () => {
  const bytes = await readUnverified(new Blob([Uint8Array.of(1, 2, 3)]));
  const files: ModelFiles = new Map([['model.onnx', bytes]]);
  // @ts-expect-error `open` has its files read by something that verifies them
  const readFiles: InstalledVersion['readFiles'] = async () => new Map([['model.onnx', bytes]]);
  const read = async () => ({ files, fetchedBytes: 0, baseline: undefined });
  // @ts-expect-error by name or by variant
  const readVariant: InstalledVersion['readVariant'] = read;
  // @ts-expect-error a version that nobody vouches for stands in for no installed one
  const asInstalled = (version: UnsignedVersion): InstalledVersion => version;
  // @ts-expect-error bytes without a brand reach no runtime, on neither path
  const unbranded: ModelFiles = new Map([['model.onnx', Uint8Array.of(1)]]);
  expect([...bytes]).toEqual([1, 2, 3]);
  expect([files.size, unbranded.size, (await readFiles([])).size]).toEqual([1, 1, 1]);
  expect([readVariant, asInstalled]).toHaveLength(2);
});
