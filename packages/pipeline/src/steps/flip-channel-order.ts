import * as v from 'valibot';
import { describeImage } from '../describe-form.js';
import { type Image, isOfBytes, type Strip } from '../image/image.js';
import { perPixel } from '../image/per-pixel.js';
import { defineStep, each, Misfit } from '../step.js';

/** RGB → BGR, or back: what models take that were trained with OpenCV (transformers' `flip_channel_order`). */
export function flipChannelOrder(image: Image): Image {
  if (isOfBytes(image)) return perPixel(image, 3, (pixels) => flip(pixels, Uint8ClampedArray));
  const { width, height, channels, data } = image;
  return { width, height, channels, data: flip({ data, stride: 3 }, Float32Array) };
}

function flip<Values extends Uint8ClampedArray | Float32Array>(
  { data, stride }: Pick<Strip, 'data' | 'stride'>,
  Values: new (length: number) => Values,
): Values {
  const out = new Values((data.length / stride) * 3);
  for (let i = 0, o = 0; o < out.length; i += stride, o += 3) {
    out[o] = data[i + 2] as number;
    out[o + 1] = data[i + 1] as number;
    out[o + 2] = data[i] as number;
  }
  return out;
}

/** {@link flipChannelOrder}, as a step. */
export const flipChannelOrderStep = defineStep({
  name: 'flip-channel-order',
  parameters: v.strictObject({}),
  takes: 'image',
  gives: 'image',
  form(image) {
    if (image.channels === 3) return image;
    throw new Misfit('an image of 3 channels', describeImage(image));
  },
  compile: () => each<'image', 'image'>(flipChannelOrder),
});
