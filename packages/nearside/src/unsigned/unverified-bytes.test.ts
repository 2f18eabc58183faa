import { expect, test } from 'vitest';
import type { ModelFiles } from '../backends/backend.js';
import type { ReadFiles } from '../in-worker/session.js';
import { readUnverified } from './unverified-bytes.js';

test('bytes are read as they are, and the compiler keeps them off the path of signed models', async () => {
  const bytes = await readUnverified(new Blob([Uint8Array.of(1, 2, 3)]));
  const files: ModelFiles = new Map([['model.onnx', bytes]]);
  // @ts-expect-error `open` has its files read by something that verifies them
  const readFiles: ReadFiles = async () => new Map([['model.onnx', bytes]]);
  // @ts-expect-error bytes without a brand reach no runtime, on neither path
  const unbranded: ModelFiles = new Map([['model.onnx', Uint8Array.of(1)]]);
  expect([...bytes]).toEqual([1, 2, 3]);
  expect([files.size, unbranded.size, (await readFiles([], {})).size]).toEqual([1, 1, 1]);
});
