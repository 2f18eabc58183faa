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
  await writeFile(join(directory, 'model.onnx'), model);
  const source = join(directory, 'model.onnx');
  const { directory: drafted } = await draft({ source, out: join(directory, 'draft') });
  const spec = parseModelSpec(await readJsonFile(drafted, 'model.json'));
  const tensors = ['unused', 'exact', 'coarse'];
  const options = { format: 'int8', keep: new Set<string>(), tensors } as const;
  const ranked = await rankTensors(drafted, spec.variants[0] as Variant, options);
  expect(ranked).toEqual(['coarse', 'exact', 'unused']);
});

function matMul(a: string, b: string, output: string): Uint8Array {
  const node = [bytesField(1, a), bytesField(1, b), bytesField(2, output), bytesField(4, 'MatMul')];
  return bytesField(1, Buffer.concat(node));
}

function floats(at: (i: number) => number): Uint8Array {
  return new Uint8Array(Float32Array.from({ length: 1024 }, (_, i) => at(i)).buffer);
}
