import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseModelSpec } from '@nearside/core';
import { expect, test, vi } from 'vitest';
import { pack } from '../library/pack.js';
import { editJson, prepare } from '../testing/model-to-pack.js';
import { writeUnmovable } from '../testing/unmovable-weights.js';
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
  const { notes, onnxRuntime } = await pack({ modelDirectory, out, onnxRuntime: 'try' });
  expect(onnxRuntime).toBeUndefined(); // the common file is not to blame
  expect(notes).toEqual([
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
  const model = await writeUnmovable(modelDirectory);
  const packed = await pack({ modelDirectory, out, onnxRuntime: 'try' });
  expect(packed.notes).toEqual([
    expect.stringMatching(/^The weights of variant 'onnx' stay in its ONNX file, .*: sizes$/),
    expect.stringMatching(
      /needs the full file of ONNX Runtime, 3.7 MB instead of 1.6, for node 'parts' \(SplitToSequence\).*Devices fetch it by themselves\.$/,
    ),
  ]);
  expect(packed.onnxRuntime).toBe('full');
  const { variants } = parseModelSpec(await readJsonFile(out, 'model.json'));
  expect(variants[0]).toMatchObject({ files: ['onnx/model.onnx'] });
  expect(model.equals(await readFile(join(out, 'onnx/model.onnx')))).toBe(true);
  expect(packed.files.map(({ name }) => name)).not.toContain('onnx/model.onnx.weights');
});
