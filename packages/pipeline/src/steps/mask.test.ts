import type { NamedStep, Tensor, Tensors } from '@nearside/core';
import { describe, expect, test } from 'vitest';
import known from '../../fixtures/masks.json' with { type: 'json' };
import { noise } from '../../fixtures/noise.js';
import { unpack } from '../../fixtures/step-parts.js';
import type { Prepared } from '../flow.js';
import type { Mask } from '../mask.js';
import { checkPipeline, compilePipeline } from '../pipeline.js';
import { STEPS_FILE } from '../steps-file.js';
import { argmax } from './argmax.js';

const [mapWidth = 0, mapHeight = 0] = known.map;
const PIXELS = mapWidth * mapHeight;

function specOf(
  preprocessing: NamedStep[],
  step: NamedStep,
  shape: number[] = [1, mapHeight, mapWidth, 1],
) {
  const datatype = 'FP32' as const;
  return {
    name: 'people',
    inputs: [{ name: 'picture', datatype, shape: [1, mapHeight, mapWidth, 3] }],
    outputs: [{ name: 'map', datatype, shape }],
    preprocessing,
    postprocessing: [step],
    limits: { memoryBytes: 1 },
  };
}

/** What becomes of a map that the model gave for a picture, or for tensors where there is none. */
async function maskOf(
  spec: ReturnType<typeof specOf>,
  map: Float32Array<ArrayBuffer>,
  [width = 0, height = 0]: readonly number[] = [],
): Promise<Mask> {
  const flow = compilePipeline(spec, { stepsFile: STEPS_FILE }).begin();
  const prepared: Prepared =
    width > 0
      ? await flow.prepare({ width, height, data: noise(width * height * 4, 1) })
      : flow.take([{}]);
  const tensor: Tensor = { datatype: 'FP32', shape: spec.outputs[0]?.shape ?? [], data: map };
  const outputs: Tensors = { map: tensor };
  const done = await prepared.finish([outputs]);
  if (!done.isDone) throw new Error('Expected a result, got another stage.');
  return done.output as Mask;
}

describe('a mask lies on the picture given as torch, scipy and Pillow put it there', () => {
  test.each(known.atPicture)(
    'a picture of $picture, map $seed',
    async ({ picture, steps, seed, ...expected }) => {
      const [width, height] = picture;
      const levels = Float32Array.from(noise(PIXELS, seed), (level) => level / 255);
      const mask = await maskOf(specOf(steps, { step: 'mask' }), levels, picture);
      expect(mask).toMatchObject({ width, height });
      const distances = unpack(expected.levels).map((level, i) =>
        Math.abs(level - (mask.data[i] ?? 0)),
      );
      expect(Math.max(...distances)).toBeLessThanOrEqual(1); // where halves are rounded

      const shape = [1, 3, mapHeight, mapWidth];
      const scores = Float32Array.from(noise(3 * PIXELS, seed));
      const classes = await maskOf(specOf(steps, { step: 'argmax' }, shape), scores, picture);
      expect(classes).toEqual({ width, height, data: unpack(expected.classes) });
    },
  );
});

test.each(known.read)(
  '$shape with activation $activation becomes 8 bits a pixel as numpy’s',
  async ({ shape, activation, levels }) => {
    const length = shape.reduce((product, side) => product * side);
    const numbers = Float32Array.from(noise(length, 5), (value) => Math.fround((value - 100) / 50));
    const spec = specOf([], { step: 'mask', activation, size: 'model' }, shape);
    const { data, ...size } = await maskOf(spec, numbers);
    expect(size).toEqual({ width: mapWidth, height: mapHeight });
    expect(data).toEqual(unpack(levels));
  },
);

test('size "model" leaves a mask as the model gave it, and so does a picture of which nothing is known', async () => {
  const map = new Float32Array(PIXELS).fill(0.5);
  const { steps, picture } = known.atPicture[0] ?? { steps: [], picture: [] };
  const ofModel = await maskOf(specOf(steps, { step: 'mask', size: 'model' }), map, picture);
  expect(ofModel).toEqual({
    width: mapWidth,
    height: mapHeight,
    data: new Uint8Array(PIXELS).fill(128),
  });
  expect(await maskOf(specOf(steps, { step: 'mask' }), map)).toEqual(ofModel);
});

test('each pixel is of the class with the best score, the first of equal ones', () => {
  const data = Float32Array.of(0, 1, 2, 3, 3, 1, 0, 9, -1, 2, 2, 9);
  expect(argmax({ shape: [1, 3, 2, 2], data })).toEqual({
    width: 2,
    height: 2,
    data: Uint8Array.of(1, 2, 0, 1),
  });
});

describe('a map that is no mask is refused', () => {
  test.each([
    [{ step: 'mask' }, [1, 3, 8, 8], 'expected FP32 [1, height, width, 1 or 2]'],
    [{ step: 'mask' }, [1, 64], 'expected FP32 [1, height, width, 1 or 2]'],
    [{ step: 'mask', activation: 'softmax' }, [1, 8, 8, 1], 'for a softmax, got FP32 [1, 8, 8, 1]'],
    [{ step: 'mask', activation: 'sigmoid' }, [1, 2, 8, 8], 'for a sigmoid, got FP32 [1, 2, 8, 8]'],
    [{ step: 'mask', size: 'large' }, [1, 8, 8, 1], 'size: expected'],
  ])('%j of %j', (step, shape, said) => {
    expect(() => checkPipeline(specOf([], step, shape), STEPS_FILE)).toThrow(said);
  });

  test('one that holds something that is not a number', async () => {
    const map = new Float32Array(PIXELS).fill(Number.NaN);
    await expect(maskOf(specOf([], { step: 'mask' }), map)).rejects.toMatchObject({
      code: 'backend-failed',
    });
  });
});
