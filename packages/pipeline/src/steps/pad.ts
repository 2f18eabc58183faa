import * as v from 'valibot';
import { placeImage } from '../image/place-image.js';
import { SideSchema } from '../image/target-size.js';
import { defineStep, Misfit } from '../step.js';
import { traceOfShift } from '../trace.js';
import { requirePixels } from './resize.js';

/**
 * To at least `pad_size` and to multiples of `size_divisor`, with `constant_values` around the image: on the right and
 * below, or on all sides alike. A resize to `{ max_height, max_width }` and this make a letterbox.
 */
export const padStep = defineStep({
  name: 'pad',
  parameters: v.strictObject({
    pad_size: v.optional(v.strictObject({ height: SideSchema, width: SideSchema })),
    size_divisor: v.optional(SideSchema, 1),
    constant_values: v.optional(
      v.union([v.number(), v.pipe(v.array(v.number()), v.maxLength(3))]),
      0,
    ),
    alignment: v.optional(v.picklist(['top-left', 'center']), 'top-left'),
  }),
  takes: 'image',
  gives: 'image',
  form(image, { pad_size, size_divisor, constant_values }) {
    if (Array.isArray(constant_values) && constant_values.length !== image.channels) {
      throw new Misfit(`${image.channels} constant_values`, `${constant_values.length}`);
    }
    return {
      ...image,
      width: image.width && paddedTo(image.width, pad_size?.width, size_divisor),
      height: image.height && paddedTo(image.height, pad_size?.height, size_divisor),
    };
  },
  compile:
    ({ pad_size, size_divisor, constant_values, alignment }, { maxPixels }) =>
    () =>
    (items) =>
      items.map(({ value, trace }) => {
        const width = paddedTo(value.width, pad_size?.width, size_divisor);
        const height = paddedTo(value.height, pad_size?.height, size_divisor);
        requirePixels({ width, height }, maxPixels, 'padded');
        const isCentered = alignment === 'center';
        const left = isCentered ? Math.floor((width - value.width) / 2) : 0;
        const top = isCentered ? Math.floor((height - value.height) / 2) : 0;
        const fill = [constant_values, constant_values, constant_values].flat();
        return {
          value: placeImage(value, { width, height, left, top, fill }),
          trace: traceOfShift(trace, { left, top }),
        };
      }),
});

function paddedTo(side: number, least = 1, divisor = 1): number {
  return Math.ceil(Math.max(side, least) / divisor) * divisor;
}
