import * as v from 'valibot';
import { describeImage } from '../describe-form.js';
import { type Image, isOfBytes, type Strip } from '../image/image.js';
import { perPixel } from '../image/per-pixel.js';
import { defineStep, each, Misfit } from '../step.js';

/**
 * RGB bytes → one channel of luma, ITU-R BT.601: (19595 R + 38470 G + 7471 B + 2^15) >> 16, the
 * integers of Pillow's `convert('L')` (src/libImaging/Convert.c, `L24`). Equal to it for every
 * colour.
 *
 * @throws RangeError for an image that is not 8-bit RGB
 */
export function grayscale(image: Image): Image {
  if (image.channels !== 3 || !isOfBytes(image)) {
    throw new RangeError('grayscale: expected an image of 3 channels of 8 bits.');
  }
  return perPixel(image, 1, lumaOf);
}

function lumaOf({ data, stride }: Pick<Strip, 'data' | 'stride'>): Uint8ClampedArray {
  const gray = new Uint8ClampedArray(data.length / stride);
  for (let pixel = 0, i = 0; pixel < gray.length; pixel++, i += stride) {
    const red = data[i] as number;
    const green = data[i + 1] as number;
    const blue = data[i + 2] as number;
    gray[pixel] = (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
  }
  return gray;
}

/** {@link grayscale}, as a step. */
export const grayscaleStep = defineStep({
  name: 'grayscale',
  parameters: v.strictObject({}),
  takes: 'image',
  gives: 'image',
  form(image) {
    if (image.channels === 3 && image.depth === 'bytes') return { ...image, channels: 1 };
    throw new Misfit('8-bit RGB', describeImage(image));
  },
  compile: () => each<'image', 'image'>(grayscale),
});
