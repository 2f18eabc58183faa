import * as v from 'valibot';
import type { Image } from '../image/image.js';
import { defineStep, each } from '../step.js';

/** Each value × `factor`, multiplied in double and kept in float32, as numpy and Hugging Face do. */
export function rescale(image: Image, factor: number): Image {
  const { width, height, channels, data: values } = image;
  const data = new Float32Array(values.length);
  for (let i = 0; i < data.length; i++) data[i] = (values[i] as number) * factor;
  return { width, height, channels, data };
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
