import * as v from 'valibot';
import { placeImage } from '../image/place-image.js';
import { SideSchema } from '../image/target-size.js';
import { defineStep } from '../step.js';
import { traceOfShift } from '../trace.js';
import { requirePixels } from './resize.js';

/** The middle of an image at exactly `crop_size`, zeros where it is smaller; as transformers' `center_crop`. */
export const centerCropStep = defineStep({
  name: 'center-crop',
  parameters: v.strictObject({
    crop_size: v.strictObject({ height: SideSchema, width: SideSchema }),
  }),
  takes: 'image',
  gives: 'image',
  form: (image, { crop_size }) => ({ ...image, ...crop_size }),
  compile:
    ({ crop_size: { width, height } }, { maxPixels }) =>
    () =>
    (items) =>
      items.map(({ value, trace }) => {
        if (width > value.width || height > value.height) {
          requirePixels({ width, height }, maxPixels, 'padded');
        }
        const left = -Math.floor((value.width - width) / 2);
        const top = -Math.floor((value.height - height) / 2);
        return {
          value: placeImage(value, { width, height, left, top, fill: [0, 0, 0] }),
          trace: traceOfShift(trace, { left, top }),
        };
      }),
});
