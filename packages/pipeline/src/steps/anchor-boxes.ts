import { NearsideError } from '@nearside/core';
import * as v from 'valibot';
import { describeTensor } from '../describe-form.js';
import type { Detection, Point } from '../found.js';
import { countAnchors, makeAnchors } from '../image/anchors.js';
import { SideSchema } from '../image/target-size.js';
import { firstTensor, tensorAt } from '../read-tensor.js';
import { defineStep, each, type Forms, Misfit } from '../step.js';

/** Detectors for browsers have a tenth of that. */
const MAX_ANCHORS = 100_000;
const MAX_LAYERS = 16;

const ScaleSchema = v.pipe(v.number(), v.gtValue(0));
const ShareSchema = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const IndexSchema = v.pipe(v.number(), v.integer(), v.minValue(0));

/** MediaPipe's options of `SsdAnchorsCalculator` and `TensorsToDetectionsCalculator`, with its defaults. */
const AnchorBoxesSchema = v.strictObject({
  input_size_width: SideSchema,
  input_size_height: SideSchema,
  strides: v.pipe(v.array(SideSchema), v.minLength(1), v.maxLength(MAX_LAYERS)),
  min_scale: ScaleSchema,
  max_scale: ScaleSchema,
  aspect_ratios: v.optional(v.pipe(v.array(ScaleSchema), v.maxLength(MAX_LAYERS)), [1]),
  interpolated_scale_aspect_ratio: v.optional(v.pipe(v.number(), v.minValue(0)), 1),
  anchor_offset_x: v.optional(ShareSchema, 0.5),
  anchor_offset_y: v.optional(ShareSchema, 0.5),
  reduce_boxes_in_lowest_layer: v.optional(v.boolean(), false),
  fixed_anchor_size: v.optional(v.boolean(), false),
  x_scale: ScaleSchema,
  y_scale: ScaleSchema,
  w_scale: ScaleSchema,
  h_scale: ScaleSchema,
  apply_exponential_on_box_size: v.optional(v.boolean(), false),
  /** True where x comes before y, and the width before the height. */
  reverse_output_order: v.optional(v.boolean(), false),
  num_keypoints: v.optional(v.pipe(IndexSchema, v.maxValue(1000)), 0),
  sigmoid_score: v.optional(v.boolean(), false),
  score_clipping_thresh: v.optional(ScaleSchema),
  min_score_thresh: ShareSchema,
  ignore_classes: v.optional(v.array(IndexSchema), []),
});

type AnchorBoxes = v.InferOutput<typeof AnchorBoxesSchema>;

/**
 * The first two outputs, FP32 [1, anchors, 4 + 2 · points] of boxes and [1, anchors, classes] of scores →
 * detections: each box as its anchor places it, with its best class, where that scores `min_score_thresh` or more.
 */
export const anchorBoxesStep = defineStep({
  name: 'anchor-boxes',
  parameters: AnchorBoxesSchema,
  takes: 'outputs',
  gives: 'objects',
  form({ tensors: [boxes, scores] }, options, { isFirst }) {
    if (!isFirst) {
      throw new Misfit('boxes of the picture given, in the first stage', 'those of a crop');
    }
    const anchors = countAnchors(options);
    if (anchors > MAX_ANCHORS) throw new Misfit(`at most ${MAX_ANCHORS} anchors`, `${anchors}`);
    if (!boxes) return { classes: undefined };
    requireShape(boxes, `[1, ${anchors}, ${valuesOf(options)}] of boxes`, [
      anchors,
      valuesOf(options),
    ]);
    if (!scores) throw new Misfit('scores as the second output', 'one output');
    requireShape(scores, `[1, ${anchors}, classes] of scores`, [anchors, -1]);
    const [, , classes = -1] = scores.shape;
    return { classes: classes === -1 ? undefined : classes };
  },
  compile(options, { form }) {
    const anchors = makeAnchors(options);
    const count = anchors.length / 4;
    return each<'outputs', 'objects'>((outputs) => {
      const boxes = firstTensor(outputs, form).data;
      const scores = tensorAt(1, outputs, form).data;
      const classes = scores.length / count;
      if (boxes.length !== count * valuesOf(options) || !Number.isInteger(classes)) {
        throw new NearsideError(
          'backend-failed',
          `Expected boxes and scores for ${count} anchors, got ${boxes.length} and ${scores.length} values.`,
          { details: { expected: count } },
        );
      }
      return decodeBoxes({ boxes, scores, anchors, classes }, options);
    });
  },
});

/** Numbers of a box: its place, its size, and two for each point. */
function valuesOf({ num_keypoints }: Pick<AnchorBoxes, 'num_keypoints'>): number {
  return 4 + 2 * num_keypoints;
}

/** −1 stands for what may be any number, on either side. */
function requireShape(
  tensor: Forms['outputs']['tensors'][number],
  expected: string,
  axes: readonly number[],
): void {
  const { datatype, shape } = tensor;
  const isFitting = axes.every((axis, i) => axis === -1 || [axis, -1].includes(shape[i + 1] ?? 0));
  if (datatype === 'FP32' && shape.length === 3 && isFitting) return;
  throw new Misfit(`FP32 ${expected} for output '${tensor.name}'`, describeTensor(tensor));
}

/** A detector gives these for one picture. */
export interface RawBoxes {
  /** [anchors, 4 + 2 · points] */
  readonly boxes: ArrayLike<number>;
  /** [anchors, classes] */
  readonly scores: ArrayLike<number>;
  readonly classes: number;
  /** [anchors, 4] of `makeAnchors`. */
  readonly anchors: Float64Array;
}

/** Boxes without an area, or without an end, are left out. */
export function decodeBoxes(raw: RawBoxes, options: AnchorBoxes): readonly Detection[] {
  const { scores, classes, anchors } = raw;
  const ignored = new Set(options.ignore_classes);
  const ids = Array.from({ length: classes }, (_, id) => id).filter((id) => !ignored.has(id));
  const found: Detection[] = [];
  for (let anchor = 0; anchor < anchors.length / 4; anchor++) {
    const at = anchor * classes;
    let best = ids[0] ?? 0;
    for (const id of ids)
      if ((scores[at + id] as number) > (scores[at + best] as number)) best = id;
    const score = scoreOf(scores[at + best] as number, options);
    if (score < options.min_score_thresh || ids.length === 0) continue;
    const placed = placeBox(anchor, raw, options);
    const area = (placed.right - placed.left) * (placed.bottom - placed.top);
    if (placed.right > placed.left && area > 0 && area < Number.POSITIVE_INFINITY) {
      found.push({ ...placed, id: best, score });
    }
  }
  return found;
}

function scoreOf(
  value: number,
  { sigmoid_score, score_clipping_thresh: most }: AnchorBoxes,
): number {
  if (!sigmoid_score) return value;
  const clipped = most === undefined ? value : Math.min(most, Math.max(-most, value));
  return 1 / (1 + Math.exp(-clipped));
}

/** In pixels of the model's input. */
function placeBox(
  anchor: number,
  { boxes, anchors }: Pick<RawBoxes, 'boxes' | 'anchors'>,
  options: AnchorBoxes,
): Omit<Detection, 'id' | 'score'> {
  const { input_size_width: inputWidth, input_size_height: inputHeight, num_keypoints } = options;
  const [anchorX = 0, anchorY = 0, anchorWidth = 0, anchorHeight = 0] = anchors.subarray(
    4 * anchor,
  );
  const start = anchor * valuesOf(options);
  const [first, second] = options.reverse_output_order ? [0, 1] : [1, 0];
  const valueAt = (i: number) => boxes[start + i] as number;
  const pointAt = (i: number): Point => [
    ((valueAt(i + first) / options.x_scale) * anchorWidth + anchorX) * inputWidth,
    ((valueAt(i + second) / options.y_scale) * anchorHeight + anchorY) * inputHeight,
  ];
  const sizeOf = (value: number) =>
    options.apply_exponential_on_box_size ? Math.exp(value) : value;
  const halfWidth = (sizeOf(valueAt(2 + first) / options.w_scale) * anchorWidth * inputWidth) / 2;
  const halfHeight =
    (sizeOf(valueAt(2 + second) / options.h_scale) * anchorHeight * inputHeight) / 2;
  const [x, y] = pointAt(0);
  return {
    left: x - halfWidth,
    top: y - halfHeight,
    right: x + halfWidth,
    bottom: y + halfHeight,
    points: Array.from({ length: num_keypoints }, (_, i) => pointAt(4 + 2 * i)),
  };
}
