import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Golden, ModelSpec } from '@nearside/core';
import { expect, test } from 'vitest';
import { initializer, onnxBytes } from '../testing/onnx-bytes.js';
import { temporaryDirectory } from '../testing/workspace.js';
import { weighGolden } from './golden-size.js';

const INT8 = 3;

test('golden files may take as much of weights in fewer bits as of floats', async () => {
  const directory = await temporaryDirectory();
  const weights = initializer('w', INT8, [1024, 1024], new Uint8Array(1024 * 1024));
  await writeFile(join(directory, 'model.onnx'), onnxBytes(weights));
  const variant = { name: 'int8', runtime: 'onnx', dtype: 'fp32', files: ['model.onnx'] };
  const spec = { variants: [variant] } as unknown as ModelSpec;
  const tensor = { datatype: 'FP32', shape: [1], file: 'y.bin' };
  const expected = { int8: { y: tensor } };
  const golden = { cases: [{ inputs: {}, expected }] } as unknown as Golden;
  await writeFile(join(directory, 'y.bin'), new Uint8Array(80_000));
  expect(await weighGolden(directory, spec, golden)).toMatchObject({ goldenBytes: 80_000 });
  await writeFile(join(directory, 'y.bin'), new Uint8Array(90_000));
  await expect(weighGolden(directory, spec, golden)).rejects.toMatchObject({
    code: 'model-invalid',
    details: { limit: Math.floor(0.02 * 4 * 1024 * 1024) },
  });
});
