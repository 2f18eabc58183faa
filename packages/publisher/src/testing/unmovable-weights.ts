import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesField } from '../packing/protobuf-fields.js';
import { editJson } from './model-to-pack.js';
import { initializer, onnxBytes } from './onnx-bytes.js';
import { noise } from './synthetic-model.js';

/**
 * Makes a synthetic model directory one that ONNX Runtime runs only with its weights inside.
 *
 * @returns its ONNX file
 */
export async function writeUnmovable(modelDirectory: string): Promise<Buffer> {
  const [FLOAT, INT32] = [1, 6];
  const sizes = new Uint8Array(
    Int32Array.from({ length: 256 }, (_, i) => (i === 0 ? 1 : 0)).buffer,
  );
  const node = [bytesField(1, 'x'), bytesField(1, 'sizes'), bytesField(2, 'parts')];
  const model = onnxBytes(
    initializer('large', FLOAT, [300_000], noise(1_200_000, 1)),
    initializer('sizes', INT32, [256], sizes), // ONNX infers from it, and reads no other file
    bytesField(1, Buffer.concat([...node, bytesField(4, 'SplitToSequence')])),
  );
  await writeFile(join(modelDirectory, 'onnx/model.onnx'), model);
  await copyFile(
    join(modelDirectory, 'golden/one.x.bin'),
    join(modelDirectory, 'golden/one.onnx.y.bin'),
  );
  await editJson(join(modelDirectory, 'model.json'), (spec) => {
    spec.outputs[0].shape = [1, 4];
    spec.variants.pop();
  });
  await editJson(join(modelDirectory, 'golden.json'), ({ cases: [first], tolerance }) => {
    first.expected = { onnx: { y: { ...first.expected.onnx.y, shape: [1, 4] } } };
    delete tolerance.tfjs;
  });
  return model;
}
