import * as v from 'valibot';
import type { Image } from '../image/image.js';
import { perLevel } from '../image/per-level.js';
import { defineStep, each } from '../step.js';

/** Each value × `factor`, multiplied in double and kept in float32, as numpy and Hugging Face do. */
export function rescale(image: Image, factor: number): Image {
  return perLevel(image, ({ data: values }) => {
    const data = new Float32Array(values.length);
    for (let i = 0; i < data.length; i++) data[i] = (values[i] as number) * factor;
    return data;
  });
}

/** {@link rescale}, as a step. */
export const rescaleStep = defineStep({
  name: 'rescale',
  parameters: v.strictObject({ rescale_factor: v.number() }),
  takes: 'image',
  gives: 'image',
  form: (image) => ({ ...image, depth: 'floats' }),
  compile: ({ rescale_factor }) =>
    each<'image', 'image'>((image) => rescale(image, rescale_factor)),
});
