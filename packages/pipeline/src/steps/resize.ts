import * as v from 'valibot';
import { observeBytes } from '../image/observe-image.js';
import { RESAMPLE_FILTERS } from '../image/resampling-windows.js';
import { resize } from '../image/resize.js';
import { defineStep } from '../step.js';
import { traceOfResize } from '../trace.js';

const SideSchema = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(16384));

/** To exactly `size`, with antialiasing, as Pillow's `Image.resize` ({@link resize}). */
export const resizeStep = defineStep({
  name: 'resize',
  parameters: v.strictObject({
    size: v.strictObject({ height: SideSchema, width: SideSchema }),
    resample: v.picklist(RESAMPLE_FILTERS),
  }),
  takes: 'image',
  gives: 'image',
  form: (image, { size }) => ({ ...image, ...size }),
  prepare:
    ({ size, resample }) =>
    () =>
    (items, call) =>
      items.map(({ value, trace }) => {
        const small = resize(value, { ...size, resample });
        observeBytes(small, call);
        return { value: small, trace: traceOfResize(trace, value, size) };
      }),
});
