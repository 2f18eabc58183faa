import * as v from 'valibot';
import type { FoundBox, Point } from '../found.js';
import type { Size } from '../image/target-size.js';
import { defineStep } from '../step.js';
import { boxAround, inReadingOrder, type TextLine } from '../text/reading-order.js';

/** Texts of all boxes, without spaces around → one list of lines, in the order in which they are read ({@link inReadingOrder}). */
export const readingOrderStep = defineStep({
  name: 'reading-order',
  parameters: v.strictObject({
    min_score: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(1)), 0),
  }),
  takes: 'text',
  gives: 'output',
  items: 'one',
  form: () => ({}),
  compile:
    ({ min_score }) =>
    () =>
    (items, { observe }) => {
      const read = items.map(({ value, trace }): TextLine => {
        const picture = trace.picture?.full ?? trace.picture;
        const points = trace.box ? withinPicture(trace.box.points, picture) : cornersOf(picture);
        return { box: boxAround(points), points, text: value.text.trim(), score: value.score };
      });
      const lines = read.filter(({ text, score }) => text !== '' && score >= min_score);
      if (lines.length > 0) observe('confidence', Math.max(...lines.map(({ score }) => score)));
      return [{ value: inReadingOrder(lines), trace: {} }];
    },
});

function withinPicture(
  [a, b, c, d]: FoundBox['points'],
  { width, height }: Size = { width: Infinity, height: Infinity },
): FoundBox['points'] {
  const within = ([x, y]: Point): Point => [
    Math.min(width - 1, Math.max(0, x)),
    Math.min(height - 1, Math.max(0, y)),
  ];
  return [within(a), within(b), within(c), within(d)];
}

/** Text that is read without having been found has the whole picture as its box. */
function cornersOf(
  { width, height }: Size = { width: 0, height: 0 },
): readonly [Point, Point, Point, Point] {
  return [
    [0, 0],
    [width, 0],
    [width, height],
    [0, height],
  ];
}
