import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseModelSpec, type Variant } from '@nearside/core';
import { expect, test } from 'vitest';
import { draft } from '../library/draft.js';
import { bytesField } from '../packing/protobuf-fields.js';
import { readJsonFile } from '../packing/read-json-file.js';
import { initializer, onnxBytes, value } from '../testing/onnx-bytes.js';
import { temporaryDirectory } from '../testing/workspace.js';
import { rankTensors } from './rank-tensors.js';

const FLOAT = 1;

test('tensors whose loss changes the answers most come first, and among equals the first by name', async () => {
  const directory = await temporaryDirectory();
  const exact = (i: number) => (i % 255) - 127;
  const model = onnxBytes(
    matMul('x', 'exact', 'middle'),
    matMul('middle', 'coarse', 'z'),
    bytesField(12, value('z', [1, 4])),
    initializer('unused', FLOAT, [32, 32], floats(Math.cos)),
    initializer('exact', FLOAT, [4, 256], floats(exact)),
    initializer('coarse', FLOAT, [256, 4], floats(Math.sin)),
  );
  const { directory: drafted, variant } = await draftOf(directory, model);
  const tensors = ['unused', 'exact', 'coarse'];
  const options = { format: 'int8', keep: new Set<string>(), tensors } as const;
  const ranked = await rankTensors(drafted, variant, options);
  expect(ranked).toEqual(['coarse', 'exact', 'unused']);
});

test('they are ranked by what the model is asked, where that is given', async () => {
  const directory = await temporaryDirectory();
  const lossyIn = (row: number) => (i: number) =>
    [0, 1].includes(Math.floor(i / 256)) ? (Math.floor(i / 256) === row ? 0.4 : 3) : 127;
  const model = onnxBytes(
    matMul('x', 'first', 'z'),
    matMul('x', 'second', 'w'),
    bytesField(12, value('z', [1, 256])),
    bytesField(12, value('w', [1, 256])),
    initializer('first', FLOAT, [4, 256], floats(lossyIn(0))),
    initializer('second', FLOAT, [4, 256], floats(lossyIn(1))),
  );
  const { directory: drafted, variant } = await draftOf(directory, model);
  const x = { datatype: 'FP32', shape: [1, 4], data: Float32Array.of(0, 1, 0, 0) };
  const ranked = await rankTensors(drafted, variant, {
    format: 'int8',
    keep: new Set(),
    tensors: ['first', 'second'],
    inputs: [{ tensors: { x } }],
  });
  expect(ranked).toEqual(['second', 'first']);
});

async function draftOf(directory: string, model: Uint8Array) {
  const source = join(directory, 'model.onnx');
  await writeFile(source, model);
  const drafted = await draft({ source, out: join(directory, 'draft') });
  const spec = parseModelSpec(await readJsonFile(drafted.directory, 'model.json'));
  return { directory: drafted.directory, variant: spec.variants[0] as Variant };
}

function matMul(a: string, b: string, output: string): Uint8Array {
  const node = [bytesField(1, a), bytesField(1, b), bytesField(2, output), bytesField(4, 'MatMul')];
  return bytesField(1, Buffer.concat(node));
}

function floats(at: (i: number) => number): Uint8Array {
  return new Uint8Array(Float32Array.from({ length: 1024 }, (_, i) => at(i)).buffer);
}
