import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Variant } from '@nearside/core';
import { expect, test } from 'vitest';
import { initializer, onnxBytes } from '../testing/onnx-bytes.js';
import { temporaryDirectory } from '../testing/workspace.js';
import { quantizeVariant } from './quantize-variant.js';

const FLOAT = 1;
const VARIANT = {
  name: 'fp32',
  runtime: 'onnx',
  dtype: 'fp32',
  files: ['model.onnx'],
} as unknown as Variant;

function floats(count: number): Uint8Array {
  return new Uint8Array(Float32Array.from({ length: count }, (_, i) => Math.sin(i)).buffer);
}

test('tensors that are to be half floats are, in a variant of another format', async () => {
  const directory = await temporaryDirectory();
  const weights = ['a', 'b'].map((name) => initializer(name, FLOAT, [32, 32], floats(1024)));
  await writeFile(join(directory, 'model.onnx'), onnxBytes(...weights));
  const options = { format: 'int8', keep: new Set<string>(), asFloat16: new Set(['b']) } as const;
  const { variant, tensors } = await quantizeVariant(directory, VARIANT, options);
  expect(tensors.map(({ name, format }) => [name, format])).toEqual([
    ['a', 'int8'],
    ['b', 'fp16'],
  ]);
  expect(variant).toMatchObject({ name: 'int8', dtype: 'fp32', files: ['int8/model.onnx'] });
});
