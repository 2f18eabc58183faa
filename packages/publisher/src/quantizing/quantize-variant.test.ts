import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Variant } from '@nearside/core';
import { describe, expect, test } from 'vitest';
import { parseOnnxFile } from '../packing/onnx-file.js';
import { bytesField, intField } from '../packing/protobuf-fields.js';
import { externalTensor, initializer, onnxBytes } from '../testing/onnx-bytes.js';
import { temporaryDirectory } from '../testing/workspace.js';
import { quantizeVariant } from './quantize-variant.js';

const FLOAT = 1;
const VARIANT = {
  name: 'fp32',
  runtime: 'onnx',
  dtype: 'fp32',
  files: ['model.onnx'],
} as unknown as Variant;
const EXTERNAL = { ...VARIANT, files: ['model.onnx', 'model.onnx.weights'] } as Variant;

const INT8_OPTIONS = { format: 'int8', keep: new Set<string>() } as const;

function floats(count: number): Uint8Array {
  return new Uint8Array(Float32Array.from({ length: count }, (_, i) => Math.sin(i)).buffer);
}

test('tensors that are to be half floats are, in a variant of another format', async () => {
  const directory = await temporaryDirectory();
  const weights = ['a', 'b'].map((name) => initializer(name, FLOAT, [32, 32], floats(1024)));
  await writeFile(join(directory, 'model.onnx'), onnxBytes(...weights));
  const options = { format: 'int8', keep: new Set<string>(), halfFloats: new Set(['b']) } as const;
  const { variant, tensors } = await quantizeVariant(directory, VARIANT, options);
  expect(tensors.map(({ name, format }) => [name, format])).toEqual([
    ['a', 'int8'],
    ['b', 'fp16'],
  ]);
  expect(variant).toMatchObject({ name: 'int8', dtype: 'fp32', files: ['int8/model.onnx'] });
});

describe('weights in another file', () => {
  async function writeExternal(...parts: readonly Uint8Array[]): Promise<string> {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, 'model.onnx'), onnxBytes(...parts));
    await writeFile(join(directory, 'model.onnx.weights'), floats(3072));
    return directory;
  }

  test('are all in the one that is written: those that stay, too', async () => {
    const list = { location: 'model.onnx.weights', offset: '8192' };
    const directory = await writeExternal(
      square('a', 0),
      square('kept', 4096),
      bytesField(5, externalTensor(Object.entries(list), { name: 'list', elements: 8 })),
    );
    const options = { ...INT8_OPTIONS, keep: new Set(['kept']) };
    const { variant, files } = await quantizeVariant(directory, EXTERNAL, options);
    expect(variant.files).toEqual(['int8/model.onnx']);
    const made = files.get('int8/model.onnx') as Uint8Array;
    const { tensors } = parseOnnxFile(made);
    expect(tensors.map(({ name, external }) => [name, external])).toEqual([
      ['a.int8', undefined],
      ['a.scale', undefined],
      ['kept', undefined],
      ['list', undefined],
    ]);
    const { contentStart, end } = tensors.find(({ name }) => name === 'kept')?.values ?? raise();
    expect(
      Buffer.compare(made.subarray(contentStart, end), floats(3072).subarray(4096, 8192)),
    ).toBe(0);
  });

  test('that two tensors share are stored once', async () => {
    const directory = await writeExternal(square('a', 0), square('b', 0));
    const { files } = await quantizeVariant(directory, EXTERNAL, INT8_OPTIONS);
    const { tensors } = parseOnnxFile(files.get('int8/model.onnx') as Uint8Array);
    expect(tensors.map(({ name }) => name)).toEqual(['a.int8', 'a.scale']);
  });

  test('are refused where that has more than 2 GB', async () => {
    const directory = await writeExternal(square('a', 0));
    await truncate(join(directory, 'model.onnx.weights'), 2 ** 31); // takes no room on the disk
    await expect(quantizeVariant(directory, EXTERNAL, INT8_OPTIONS)).rejects.toMatchObject({
      code: 'model-invalid',
      details: { file: 'model.onnx.weights' },
    });
  });

  test('are refused by name where the file ends before', async () => {
    const directory = await writeExternal(square('a', 12000));
    await expect(quantizeVariant(directory, EXTERNAL, INT8_OPTIONS)).rejects.toMatchObject({
      code: 'model-invalid',
      details: { file: 'model.onnx.weights', tensor: 'a' },
    });
  });
});

test('weights of TensorFlow.js that are text are refused by name', async () => {
  const directory = await temporaryDirectory();
  const weights = [{ name: 'words', dtype: 'string', shape: [2] }];
  const document = { weightsManifest: [{ paths: ['w.bin'], weights }] };
  await writeFile(join(directory, 'model.json'), JSON.stringify(document));
  await writeFile(join(directory, 'w.bin'), 'words');
  const variant = { ...VARIANT, runtime: 'tfjs', files: ['model.json', 'w.bin'] } as Variant;
  const options = { ...INT8_OPTIONS, format: 'uint8' } as const;
  await expect(quantizeVariant(directory, variant, options)).rejects.toMatchObject({
    code: 'model-invalid',
    message: expect.stringContaining('string'),
    details: { file: 'model.json', tensor: 'words' },
  });
});

/** An initializer of 32 × 32 floats, in another file. */
function square(name: string, offset: number): Buffer {
  const place = { location: 'model.onnx.weights', offset: `${offset}` };
  const content = externalTensor(Object.entries(place), { name, elements: 32 });
  return bytesField(5, Buffer.concat([intField(1, 32), content]));
}

function raise(): never {
  throw new TypeError('expected values');
}
