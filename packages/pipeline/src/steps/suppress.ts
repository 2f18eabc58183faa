import * as v from 'valibot';
import type { Detection, Point } from '../found.js';
import { defineStep, each } from '../step.js';

/** MediaPipe's options of `NonMaxSuppressionCalculator`. */
export interface SuppressOptions {
  /** Boxes that share more than this of what they cover together are of one object. */
  readonly min_suppression_threshold: number;
  /** `WEIGHTED`: an object's box is the mean of those that are of it, by their scores. */
  readonly algorithm: 'DEFAULT' | 'WEIGHTED';
  /** True where objects of other classes are other objects. */
  readonly multiclass_nms: boolean;
  readonly max_num_detections: number;
}

/** Many boxes around each object → one, the best first: non-maximum suppression. */
export function suppress(
  detections: readonly Detection[],
  options: SuppressOptions,
): readonly Detection[] {
  let left = detections.toSorted((a, b) => b.score - a.score);
  const kept: Detection[] = [];
  while (kept.length < options.max_num_detections) {
    const [best] = left;
    if (!best) break;
    const same: Detection[] = [];
    const others: Detection[] = [];
    for (const one of left) (one === best || isSame(one, best, options) ? same : others).push(one);
    const isMean = options.algorithm === 'WEIGHTED' && best.score > 0;
    kept.push(isMean ? { ...best, ...meanBox(same) } : best);
    left = others;
  }
  return kept;
}

/** True where two boxes are taken to be of one object. */
function isSame(a: Detection, b: Detection, options: SuppressOptions): boolean {
  if (options.multiclass_nms && a.id !== b.id) return false;
  return overlap(a, b) > options.min_suppression_threshold;
}

/** The share of what two boxes cover together that both cover: intersection over union. */
function overlap(a: Detection, b: Detection): number {
  if (a.left >= b.right || b.left >= a.right || a.top >= b.bottom || b.top >= a.bottom) return 0;
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  return (width * height) / (areaOf(a) + areaOf(b) - width * height);
}

function areaOf({ left, top, right, bottom }: Detection): number {
  return (right - left) * (bottom - top);
}

/** The mean of boxes, and of their points, by their scores. */
function meanBox(boxes: readonly Detection[]): Omit<Detection, 'id' | 'score'> {
  const total = boxes.reduce((sum, { score }) => sum + score, 0);
  const mean = (part: (box: Detection) => number) =>
    boxes.reduce((sum, box) => sum + part(box) * box.score, 0) / total;
  return {
    left: mean(({ left }) => left),
    top: mean(({ top }) => top),
    right: mean(({ right }) => right),
    bottom: mean(({ bottom }) => bottom),
    points: (boxes[0]?.points ?? []).map(
      (_, i): Point => [
        mean(({ points }) => points[i]?.[0] ?? 0),
        mean(({ points }) => points[i]?.[1] ?? 0),
      ],
    ),
  };
}

/** {@link suppress}, as a step. */
export const suppressStep = defineStep({
  name: 'suppress',
  parameters: v.strictObject({
    min_suppression_threshold: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
    algorithm: v.optional(v.picklist(['DEFAULT', 'WEIGHTED']), 'DEFAULT'),
    multiclass_nms: v.optional(v.boolean(), false),
    /** It bounds the time that a picture full of boxes takes. */
    max_num_detections: v.optional(
      v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1000)),
      100,
    ),
  }),
  takes: 'objects',
  gives: 'objects',
  form: (objects) => objects,
  compile: (options) => each<'objects', 'objects'>((detections) => suppress(detections, options)),
});
