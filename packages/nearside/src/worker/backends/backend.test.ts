import { expect, test } from 'vitest';
import type { SignedVersion, UnsignedVersion } from '../hosted-version.js';
import { type ModelFiles, readUnverified } from './backend.js';

test('bytes are read as they are, and the compiler keeps them off the path of signed models', async () => {
  const bytes = await readUnverified(new Blob([Uint8Array.of(1, 2, 3)]));
  const files: ModelFiles = new Map([['model.onnx', bytes]]);
  // @ts-expect-error `open` has its files read by something that verifies them
  const readFiles: SignedVersion['readFiles'] = async () => new Map([['model.onnx', bytes]]);
  const read = async () => ({ files, fetchedBytes: 0, baseline: undefined });
  // @ts-expect-error by name or by variant
  const readVariant: SignedVersion['readVariant'] = read;
  // @ts-expect-error a version that nobody vouches for stands in for no signed one
  const asSigned = (version: UnsignedVersion): SignedVersion => version;
  // @ts-expect-error bytes without a brand reach no runtime, on neither path
  const unbranded: ModelFiles = new Map([['model.onnx', Uint8Array.of(1)]]);
  expect([...bytes]).toEqual([1, 2, 3]);
  expect([files.size, unbranded.size, (await readFiles([])).size]).toEqual([1, 1, 1]);
  expect([readVariant, asSigned]).toHaveLength(2);
});
