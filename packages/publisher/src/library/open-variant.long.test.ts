import { expect, test } from 'vitest';
import { prepare } from '../testing/model-to-pack.js';
import { writeUnmovable } from '../testing/unmovable-weights.js';
import { openVariant } from './open-variant.js';

test('a variant that runs only with its weights inside opens with them there, as pack lays it out', async () => {
  const { modelDirectory } = await prepare();
  await writeUnmovable(modelDirectory);
  await using opened = await openVariant(modelDirectory, 'onnx');
  const x = { datatype: 'FP32', shape: [1, 4], data: Float32Array.of(1, 2, 3, 4) };
  expect(await opened.run({ tensors: { x } })).toMatchObject({ tensors: { y: { shape: [1, 4] } } });
});
