import * as v from 'valibot';
import { decodeImage, type ImageInput } from '../image/decode-image.js';
import type { Image } from '../image/image.js';
import { type Size, targetSize } from '../image/target-size.js';
import { type Call, defineStep } from '../step.js';
import { traceOfPicture, traceOfResize } from '../trace.js';
import { type AntialiasedResize, antialiasedResize } from './resize.js';

const ByteSchema = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(255));

/**
 * A picture in any form that {@link decodeImage} reads → 8-bit RGB, orientation applied, transparency over `background`.
 * With `reduced`, a photo may be decoded at a smaller size: on both sides at least so many times that of the resize that
 * comes next.
 */
export const decodeImageStep = defineStep({
  name: 'decode-image',
  parameters: v.strictObject({
    background: v.optional(v.tuple([ByteSchema, ByteSchema, ByteSchema])),
    reduced: v.optional(v.picklist([2, 4])),
  }),
  takes: 'input',
  gives: 'image',
  form: () => ({ channels: 3, depth: 'bytes', width: undefined, height: undefined }),
  compile({ background, reduced }, { maxPixels, next }) {
    const resize = antialiasedResize({ next });
    const isReadOnce = resize !== undefined;
    const least = resize && reduced && leastFor(resize, reduced);
    return () => (items, call) =>
      Promise.all(
        items.map(async ({ value }) => {
          const { signal, defer } = call;
          const options = { maxPixels, background, isReadOnce, least, signal, defer };
          const image = await decodeImage(value as ImageInput, options);
          const given = image.full ?? image;
          observePicture(given, call);
          return { value: image, trace: traceOfResize(traceOfPicture(image), given, image) };
        }),
      );
  },
});

/** So many times the size that a picture is resized to. */
function leastFor({ size, ensure_multiple_of }: AntialiasedResize, times: number) {
  return (full: Size): Size => {
    const { width, height } = targetSize(size, full, ensure_multiple_of);
    return { width: width * times, height: height * times };
  };
}

/** Notes what drift statistics keep of the picture given: its pixels in millions, and width ÷ height. */
export function observePicture(
  { width, height }: Pick<Image, 'width' | 'height'>,
  { observe }: Pick<Call, 'observe'>,
): void {
  observe('megapixels', (width * height) / 1e6);
  observe('aspect', width / height);
}
