import { describe, expect, test } from 'vitest';
import { noise } from '../../fixtures/noise.js';
import known from '../../fixtures/objects.json' with { type: 'json' };
import type { FoundObject } from '../found.js';
import { makeAnchors } from '../image/anchors.js';
import { compilePipeline, type PipelineSpec } from '../pipeline.js';
import { STEPS_FILE } from '../steps-file.js';

type Known = (typeof known.detections)[number];

/** Numbers of `objects.json` have as many digits as they are held to. */
const DIGITS = 4;

describe('anchors are those of MediaPipe’s calculator, as numpy makes them', () => {
  test.each(known.anchors)('strides of $options.strides', ({ options, count, sums }) => {
    const anchors = makeAnchors({ ...DEFAULTS, ...options });
    expect(anchors).toHaveLength(4 * count);
    const found = sums.map((_, column) =>
      anchors
        .filter((_, i) => i % 4 === column)
        .reduce((sum, value, i) => sum + (i + 1) * value, 0),
    );
    for (const [column, sum] of sums.entries()) expect(found[column]).toBeCloseTo(sum, 6);
  });

  const DEFAULTS = {
    aspect_ratios: [1],
    interpolated_scale_aspect_ratio: 1,
    anchor_offset_x: 0.5,
    anchor_offset_y: 0.5,
    reduce_boxes_in_lowest_layer: false,
    fixed_anchor_size: false,
  };
});

describe('objects in a picture are those that numpy finds', () => {
  test.each(known.detections)('$name', async (one) => {
    const found = await detect(one);
    expect(found).toHaveLength(one.kept);
    const boxes = found.map(({ box: { x, y, width, height } }) => [x, y, width, height]);
    for (const [i, sum] of one.sums.entries()) {
      expect(boxes.reduce((all, box) => all + (box[i] as number), 0)).toBeCloseTo(sum, 2);
    }
    for (const [i, { box, label, score, points = [] }] of (one.best as readonly Best[]).entries()) {
      const object = found[i] as FoundObject;
      expect(object.label).toBe(label);
      expect(object.score).toBeCloseTo(score, 6);
      for (const [j, value] of box.entries()) expect(boxes[i]?.[j]).toBeCloseTo(value, DIGITS);
      expect(object.points?.length ?? 0).toBe(points.length);
      for (const [j, value] of points.flat().entries()) {
        expect(object.points?.flat()[j]).toBeCloseTo(value, DIGITS);
      }
    }
    expect(found.map(({ score }) => score)).toEqual(
      found.map(({ score }) => score).sort((a, b) => b - a),
    );
  });
});

interface Best {
  readonly box: readonly number[];
  readonly label: string;
  readonly score: number;
  readonly points?: readonly (readonly number[])[];
}

function specOf({
  options,
  suppression,
  classes,
}: Pick<Known, 'options' | 'suppression' | 'classes'>) {
  const { input_size_width: width, input_size_height: height } = options;
  const count = known.anchors.find((one) => same(one.options.strides, options.strides))?.count ?? 0;
  const values = 4 + 2 * ('num_keypoints' in options ? (options.num_keypoints as number) : 0);
  const id2label = Object.fromEntries(
    Array.from({ length: classes }, (_, i) => [String(i), `label ${i}`]),
  );
  return {
    name: 'things',
    limits: { memoryBytes: 1_000_000 },
    inputs: [{ name: 'x', datatype: 'FP32', shape: [1, height, width, 3] }],
    outputs: [
      { name: 'boxes', datatype: 'FP32', shape: [1, count, values] },
      { name: 'scores', datatype: 'FP32', shape: [1, count, classes] },
    ],
    preprocessing: [
      { step: 'decode-image' },
      { step: 'resize', size: { height, width }, resample: 0 },
      { step: 'to-tensor', layout: 'NHWC' },
    ],
    postprocessing: [
      { step: 'anchor-boxes', ...options },
      { step: 'suppress', ...suppression },
      { step: 'objects', id2label },
    ],
  } as unknown as PipelineSpec & { outputs: { shape: number[] }[] };
}

function same(a: readonly number[], b: readonly number[]): boolean {
  return a.join() === b.join();
}

/** Runs the steps after the model on outputs of noise. */
async function detect(one: Known, spoil: (scores: Float32Array) => void = () => {}) {
  const spec = specOf(one);
  const { picture, seed, scales, middle } = one;
  const [width = 0, height = 0] = picture;
  const [boxes, scores] = spec.outputs.map(({ shape: [, count = 0, values = 0] }, i) => {
    const shift = i === 0 ? 100 : middle;
    const data = twoBytes(count * values, seed + 100 * i).map(
      (value) => (value - shift) / (scales[i] as number),
    );
    return { datatype: 'FP32', shape: [1, count, values], data } as const;
  });
  if (!boxes || !scores) throw new Error('expected two outputs');
  spoil(scores.data);
  const data = new Uint8Array(width * height * 4);
  const prepared = await compilePipeline(spec, { stepsFile: STEPS_FILE })
    .begin()
    .prepare({ width, height, data });
  const { output } = (await prepared.finish([{ boxes, scores }])) as {
    output: readonly FoundObject[];
  };
  return output;
}

/** 0 to 256, as `numbers` of make_objects.py. */
function twoBytes(length: number, seed: number): Float32Array<ArrayBuffer> {
  const bytes = noise(2 * length, seed);
  return Float32Array.from(
    { length },
    (_, i) => (bytes[2 * i] as number) + (bytes[2 * i + 1] as number) / 256,
  );
}

test('in a picture that was padded to a square, boxes and points lie where they are in the picture', async () => {
  const [faces] = known.detections as unknown as [Known];
  const { preprocessing, ...spec } = specOf(faces);
  const size = { height: 128, width: 128 };
  const letterbox = [
    { step: 'decode-image' },
    { step: 'resize', size: { max_height: 128, max_width: 128 }, resample: 2 },
    { step: 'pad', pad_size: size, alignment: 'center' },
    { step: 'to-tensor', layout: 'NHWC' },
  ];
  const pipeline = compilePipeline({ ...spec, preprocessing: letterbox } as PipelineSpec, {
    stepsFile: STEPS_FILE,
  });
  const picture = { width: 640, height: 480, data: new Uint8Array(640 * 480 * 4) };
  const prepared = await pipeline.begin().prepare(picture);
  // The anchor in the middle of row 7 and column 9 of 16, of 8 pixels each: a box of 40 × 20 with all points there.
  const anchor = 2 * (7 * 16 + 9);
  const boxes = new Float32Array(896 * 16);
  boxes.set([0, 0, 40, 20], anchor * 16);
  const scores = new Float32Array(896).fill(-9).fill(9, anchor, anchor + 1);
  const { output } = (await prepared.finish([
    {
      boxes: { datatype: 'FP32', shape: [1, 896, 16], data: boxes },
      scores: { datatype: 'FP32', shape: [1, 896, 1], data: scores },
    },
  ])) as { output: readonly FoundObject[] };
  // The picture was made 5 times smaller, and 16 pixels were put above it.
  const [x, y] = [9.5 * 8 * 5, (7.5 * 8 - 16) * 5];
  expect(output).toHaveLength(1);
  expect(output[0]?.box).toEqual({ x: x - 100, y: y - 50, width: 200, height: 100 });
  expect(output[0]?.points).toEqual(Array.from({ length: 6 }, () => [x, y]));
});

describe('what cannot be told is refused', () => {
  const [faces] = known.detections as unknown as [Known];

  test('a score that is not a number fails with its output’s name, and the next picture succeeds', async () => {
    const spoilt = detect(faces, (scores) => scores.fill(Number.NaN, 7, 8));
    await expect(spoilt).rejects.toMatchObject({
      code: 'backend-failed',
      details: { output: 'scores' },
    });
    expect(await detect(faces)).toHaveLength(faces.kept);
  });

  test('outputs of another number of anchors', async () => {
    const spec = { ...specOf(faces), inputs: [], outputs: [] } as unknown as PipelineSpec;
    const tensor = (values: number) =>
      ({ datatype: 'FP32', shape: [1, values], data: new Float32Array(values) }) as const;
    const flow = compilePipeline(spec, { stepsFile: STEPS_FILE }).begin();
    const taken = flow.take([{ x: tensor(3) }]);
    await expect(taken.finish([{ boxes: tensor(16), scores: tensor(1) }])).rejects.toMatchObject({
      code: 'backend-failed',
      message: expect.stringMatching(/896 anchors, got 16 and 1 values/),
    });
  });

  test.each([
    ['boxes of other anchors', { strides: [8, 16] }, /\[1, 640, 16\] of boxes/],
    ['boxes with other points', { num_keypoints: 5 }, /\[1, 896, 14\] of boxes/],
    ['more anchors than any detector has', { input_size_width: 16384 }, /at most 100000 anchors/],
  ])('%s', (_, differing, message) => {
    const options = { ...faces.options, ...differing } as Known['options'];
    const spec = { ...specOf(faces), postprocessing: [{ step: 'anchor-boxes', ...options }] };
    expect(() => compilePipeline(spec as PipelineSpec, { stepsFile: STEPS_FILE })).toThrow(
      expect.objectContaining({ code: 'model-invalid', message: expect.stringMatching(message) }),
    );
  });

  test('classes without a label', () => {
    const { postprocessing, ...spec } = specOf(faces);
    const steps = [...(postprocessing ?? []).slice(0, 2), { step: 'objects', id2label: {} }];
    expect(() =>
      compilePipeline({ ...spec, postprocessing: steps } as PipelineSpec, {
        stepsFile: STEPS_FILE,
      }),
    ).toThrow(/a label in id2label for each of 1 classes/);
  });
});
