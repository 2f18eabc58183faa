import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Variant } from '@nearside/core';
import { expect, test } from 'vitest';
import { fixture, LOCATED } from '../testing/fixtures.js';
import { noise } from '../testing/synthetic-model.js';
import { temporaryDirectory } from '../testing/workspace.js';
import { locateTensors } from './locate-tensors.js';
import { locateWeights } from './tfjs-manifest.js';

function onnx(...files: string[]): Variant {
  return { name: 'fp32', runtime: 'onnx', dtype: 'fp32', files };
}

test('weights in a file of their own lie where the model says', async () => {
  const located = await locateTensors(fixture(''), [
    onnx('external/model.onnx', 'external/model.onnx_data'),
  ]);
  expect([...located.keys()]).toEqual(['external/model.onnx', 'external/model.onnx_data']);
  expect(located.get('external/model.onnx_data')).toEqual(
    LOCATED.external.map(({ name, offset, length }) => ({ name, offset, sizeBytes: length })),
  );
});

test('the weights of models/digits for TensorFlow.js fill their file', async () => {
  const digits = fileURLToPath(new URL('../../../../models/digits', import.meta.url));
  const files = ['tfjs/model.json', 'tfjs/weights.bin'];
  const located = await locateTensors(digits, [
    { name: 'uint8', runtime: 'tfjs', format: 'layers-model', dtype: 'uint8', files },
  ]);
  const extents = located.get('tfjs/weights.bin') ?? [];
  expect(extents[0]).toEqual({ name: 'conv1/kernel', offset: 0, sizeBytes: 144 });
  expect(extents.at(-1)?.name).toBe('logits/bias');
  expect(extents.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)).toBe(17208);
});

test('a weight that goes on in the next shard is named where it begins', () => {
  const weights = [
    { name: 'a', dtype: 'float32', shape: [3] },
    { name: 'b', dtype: 'float32', shape: [2, 2], quantization: { dtype: 'uint8' } },
    { name: 'c', dtype: 'bool', shape: [] },
  ];
  const located = locateWeights({ paths: ['1.bin', '2.bin', '3.bin'], weights }, [8, 7, 2]);
  expect(Object.fromEntries(located ?? [])).toEqual({
    '1.bin': [{ name: 'a', offset: 0, sizeBytes: 8 }],
    '2.bin': [
      { name: 'a', offset: 0, sizeBytes: 4, continued: true },
      { name: 'b', offset: 4, sizeBytes: 3 },
    ],
    '3.bin': [
      { name: 'b', offset: 0, sizeBytes: 1, continued: true },
      { name: 'c', offset: 1, sizeBytes: 1 },
    ],
  });
});

test.each([
  ['sizes do not add up', [{ name: 'a', dtype: 'float32', shape: [3] }]],
  ['a string has no fixed size', [{ name: 'words', dtype: 'string', shape: [2] }]],
])('shards are not understood where %s', (_, weights) => {
  expect(locateWeights({ paths: ['1.bin'], weights }, [8])).toBeUndefined();
});

test('files that are not what they are called are not understood', async () => {
  const directory = await temporaryDirectory();
  await writeFile(join(directory, 'model.onnx'), noise(3000, 1));
  await writeFile(join(directory, 'model.json'), 'no JSON');
  const located = await locateTensors(directory, [
    onnx('model.onnx'),
    {
      name: 'tfjs',
      runtime: 'tfjs',
      format: 'graph-model',
      dtype: 'fp32',
      files: ['model.json', 'weights.bin'],
    },
  ]);
  expect(located.size).toBe(0);
});

test('weights that reach beyond their file are not understood', async () => {
  const directory = await temporaryDirectory();
  await mkdir(join(directory, 'a'));
  await copyFile(fixture('external/model.onnx'), join(directory, 'a/model.onnx'));
  await writeFile(join(directory, 'a/model.onnx_data'), noise(100, 1));
  const located = await locateTensors(directory, [onnx('a/model.onnx', 'a/model.onnx_data')]);
  expect([...located.keys()]).toEqual(['a/model.onnx']);
});
