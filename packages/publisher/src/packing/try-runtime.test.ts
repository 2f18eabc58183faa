import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseModelSpec } from '@nearside/core';
import { expect, test, vi } from 'vitest';
import { pack } from '../library/pack.js';
import { editJson, prepare } from '../testing/model-to-pack.js';
import { initializer, onnxBytes } from '../testing/onnx-bytes.js';
import { noise } from '../testing/synthetic-model.js';
import { bytesField } from './protobuf-fields.js';
import { readJsonFile } from './read-json-file.js';
import { RUNTIME_BYTES, tryRuntime } from './try-runtime.js';

const DIGITS = fileURLToPath(new URL('../../../../models/digits', import.meta.url));

test('a variant needs the heap that its golden cases took, the same each time, in colour too: models/digits says so', async () => {
  vi.stubEnv('FORCE_COLOR', '1');
  const { onnxRuntime, memoryBytes } = await tryRuntime(DIGITS);
  expect(onnxRuntime).toBe('common');
  const { variants } = parseModelSpec(await readJsonFile(DIGITS, 'model.json'));
  const said = variants.map(({ name, memoryBytes }) => [name, memoryBytes]);
  expect([...memoryBytes]).toEqual(said);
});

test('memory that nothing measured is reckoned from the files, and a larger number of the author stays', async () => {
  const { modelDirectory, out } = await prepare();
  await editJson(join(modelDirectory, 'tfjs/model.json'), ({ weightsManifest: [group] }) => {
    const quantization = { dtype: 'uint8' };
    group.weights = [{ name: 'w', dtype: 'float32', shape: [20, 100], quantization }];
  });
  await writeFile(join(modelDirectory, 'onnx/model.onnx'), 'no model');
  await editJson(join(modelDirectory, 'model.json'), ({ variants: [onnx], limits }) => {
    onnx.memoryBytes = 99_000_000;
    limits.memoryBytes = 1;
  });
  const { runtimeNotes, onnxRuntime } = await pack({ modelDirectory, out, onnxRuntime: 'try' });
  expect(onnxRuntime).toBeUndefined(); // the common file is not to blame
  expect(runtimeNotes).toEqual([
    expect.stringContaining(
      "Variant 'onnx' does not pass its golden cases in ONNX Runtime: onnx-wasm:",
    ),
  ]);
  const { variants, limits } = parseModelSpec(await readJsonFile(out, 'model.json'));
  const topology = JSON.stringify(await readJsonFile(out, 'tfjs/model.json')).length;
  expect(variants.map(({ memoryBytes }) => memoryBytes)).toEqual([
    99_000_000,
    RUNTIME_BYTES + topology + 2000 + 2 * 4 * 2000,
  ]);
  expect(limits.memoryBytes).toBe(99_000_000);
});

test('weights stay in an ONNX file that runs only with them inside, and pack says so, and which node needs the full file', async () => {
  const { modelDirectory, out } = await prepare();
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
  const packed = await pack({ modelDirectory, out, onnxRuntime: 'try' });
  expect(packed.runtimeNotes).toEqual([
    expect.stringMatching(/^The weights of variant 'onnx' stay in its ONNX file, .*: sizes$/),
    expect.stringContaining(
      "needs the full file of ONNX Runtime for node 'parts' (SplitToSequence)",
    ),
  ]);
  expect(packed.onnxRuntime).toBe('full');
  const { variants } = parseModelSpec(await readJsonFile(out, 'model.json'));
  expect(variants[0]).toMatchObject({ files: ['onnx/model.onnx'] });
  expect(model.equals(await readFile(join(out, 'onnx/model.onnx')))).toBe(true);
  expect(packed.files.map(({ name }) => name)).not.toContain('onnx/model.onnx.weights');
});
