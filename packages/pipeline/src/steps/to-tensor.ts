import type { Tensor } from '@nearside/core';
import * as v from 'valibot';
import type { Image } from '../image/image.js';
import { interleaved } from '../image/per-level.js';
import { defineStep, each } from '../step.js';

/** Where the channels lie: before the rows (ONNX, PyTorch) or within each pixel (TensorFlow). */
export type ImageLayout = 'NCHW' | 'NHWC';

/** An image → FP32 [1, C, H, W] or [1, H, W, C], values unchanged, in memory of its own. */
export function toTensor(image: Image, layout: ImageLayout): Tensor {
  const { width, height, channels, levels } = image;
  if (layout === 'NHWC') {
    const data = levels ? interleaved(levels, channels) : Float32Array.from(image.data);
    return { datatype: 'FP32', shape: [1, height, width, channels], data };
  }
  const pixels = width * height;
  const data = new Float32Array(channels * pixels);
  const values = levels?.bytes ?? image.data;
  const table = levels?.table;
  for (let c = 0; c < channels; c++) {
    for (let pixel = 0; pixel < pixels; pixel++) {
      const value = values[pixel * channels + c] as number;
      data[c * pixels + pixel] = table ? (table[value * channels + c] as number) : value;
    }
  }
  return { datatype: 'FP32', shape: [1, channels, height, width], data };
}

/** {@link toTensor}, as a step. */
export const toTensorStep = defineStep({
  name: 'to-tensor',
  parameters: v.strictObject({ layout: v.picklist(['NCHW', 'NHWC']) }),
  takes: 'image',
  gives: 'tensor',
  form({ channels, width = -1, height = -1 }, { layout }) {
    const shape = layout === 'NCHW' ? [1, channels, height, width] : [1, height, width, channels];
    return { datatype: 'FP32', shape };
  },
  compile: ({ layout }) => each<'image', 'tensor'>((image) => toTensor(image, layout)),
});
