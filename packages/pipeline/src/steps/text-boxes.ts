import * as v from 'valibot';
import { describeTensor } from '../describe-form.js';
import type { FoundBox, Point } from '../found.js';
import { firstTensor, requireFirst } from '../read-tensor.js';
import { defineStep, Misfit } from '../step.js';
import { isReadable, textBoxes } from '../text/text-boxes.js';
import { IDENTITY, type Placement, type Trace } from '../trace.js';

const ShareSchema = v.pipe(v.number(), v.minValue(0), v.maxValue(1));

/**
 * A detection map, FP32 [1, 1, H, W] of probabilities → none to many boxes in the picture given, in whole pixels
 * ({@link textBoxes}).
 */
export const textBoxesStep = defineStep({
  name: 'text-boxes',
  parameters: v.strictObject({
    threshold: v.optional(ShareSchema, 0.3),
    box_threshold: v.optional(ShareSchema, 0.6),
    unclip_ratio: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(10)), 1.5),
    max_candidates: v.optional(
      v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(10_000)),
      1000,
    ),
    min_size: v.optional(v.pipe(v.number(), v.minValue(0)), 3),
  }),
  takes: 'outputs',
  gives: 'box',
  items: 'many',
  form(outputs, _, { isFirst }) {
    if (!isFirst)
      throw new Misfit('a map of the picture given, in the first stage', 'one of a crop');
    requireFirst(outputs, (tensor) => {
      const { datatype, shape } = tensor;
      if (datatype === 'FP32' && shape.length === 4 && (shape[1] === 1 || shape[1] === -1)) return;
      throw new Misfit('FP32 [1, 1, height, width]', describeTensor(tensor));
    });
    return {};
  },
  compile:
    (options, { form }) =>
    () =>
    (items, call) => {
      const found = items.flatMap(({ value, trace }) => {
        const { shape, data } = firstTensor(value, form);
        const map = { width: shape[3] ?? 0, height: shape[2] ?? 0 };
        return textBoxes(data, map, options)
          .map((box) => inPicture(box, trace.toPicture))
          .filter(({ points }) => isReadable(points))
          .map((box) => ({ value: box, trace: { ...trace, box } satisfies Trace }));
      });
      call.observe('boxes', found.length);
      return found;
    },
});

/** In whole pixels. A box may reach beyond the picture, so that text at its edge has room around it too. */
function inPicture({ points, score }: FoundBox, toPicture: Placement = IDENTITY): FoundBox {
  const { scaleX, scaleY, offsetX, offsetY } = toPicture;
  const place = ([x, y]: Point): Point => [
    Math.round(x * scaleX + offsetX),
    Math.round(y * scaleY + offsetY),
  ];
  const [a, b, c, d] = points;
  return { points: [place(a), place(b), place(c), place(d)], score };
}
