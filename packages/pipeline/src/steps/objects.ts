import * as v from 'valibot';
import type { Detection, FoundObject, Point } from '../found.js';
import type { Size } from '../image/target-size.js';
import { type Call, defineStep } from '../step.js';
import { IDENTITY, type Placement } from '../trace.js';
import { IdToLabelSchema, requireLabels } from './id-to-label.js';

/**
 * Detections → objects with their labels, in pixels of the picture given, the best first. Boxes are cut off at its
 * edges, and those that lie outside are left out. Of tensors, pixels are those of the model's input.
 */
export const objectsStep = defineStep({
  name: 'objects',
  parameters: v.strictObject({ id2label: IdToLabelSchema }),
  takes: 'objects',
  gives: 'output',
  form({ classes }, { id2label }) {
    requireLabels(id2label, classes);
    return {};
  },
  compile:
    ({ id2label }) =>
    () =>
    (items, call) =>
      items.map(({ value, trace: { picture, toPicture } }) => {
        const found = value
          .map((one) => inPicture(one, { toPicture, picture: picture?.full ?? picture, id2label }))
          .filter(({ box }) => box.width > 0 && box.height > 0)
          .sort((a, b) => b.score - a.score);
        observeObjects(found, call);
        return { value: found, trace: {} };
      }),
});

function inPicture(
  { left, top, right, bottom, points, id, score }: Detection,
  {
    toPicture: { scaleX, scaleY, offsetX, offsetY } = IDENTITY,
    picture = { width: Number.POSITIVE_INFINITY, height: Number.POSITIVE_INFINITY },
    id2label,
  }: {
    readonly toPicture: Placement | undefined;
    readonly picture: Size | undefined;
    readonly id2label: Readonly<Record<string, string>>;
  },
): FoundObject {
  const place = ([x, y]: Point): Point => [x * scaleX + offsetX, y * scaleY + offsetY];
  const within = (value: number, size: number) => Math.min(size, Math.max(0, value));
  const [fromX, fromY] = place([left, top]);
  const [toX, toY] = place([right, bottom]);
  const x = within(fromX, picture.width);
  const y = within(fromY, picture.height);
  const width = within(toX, picture.width) - x;
  const height = within(toY, picture.height) - y;
  const found = { box: { x, y, width, height }, label: id2label[id] ?? String(id), score };
  return points.length === 0 ? found : { ...found, points: points.map(place) };
}

/** Notes what drift statistics keep of a detection. */
function observeObjects(found: readonly FoundObject[], { observe }: Pick<Call, 'observe'>): void {
  observe('boxes', found.length);
  const [best] = found;
  if (!best) return;
  observe('confidence', best.score);
  observe('class', best.label);
}
