import * as v from 'valibot';
import { decodeImage, type ImageInput } from '../image/decode-image.js';
import { observePicture } from '../image/observe-image.js';
import { defineStep } from '../step.js';
import { traceOfPicture } from '../trace.js';
import { antialiasedResize } from './resize.js';

const ByteSchema = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(255));

/** A picture in any form that {@link decodeImage} reads → 8-bit RGB, orientation applied, transparency over `background`. */
export const decodeImageStep = defineStep({
  name: 'decode-image',
  parameters: v.strictObject({
    background: v.optional(v.tuple([ByteSchema, ByteSchema, ByteSchema])),
  }),
  takes: 'input',
  gives: 'image',
  form: () => ({ channels: 3, depth: 'bytes', width: undefined, height: undefined }),
  compile({ background }, { maxPixels, next }) {
    const isReadOnce = antialiasedResize({ next }) !== undefined;
    return () => (items, call) =>
      Promise.all(
        items.map(async ({ value }) => {
          const { signal, defer } = call;
          const options = { maxPixels, background, isReadOnce, signal, defer };
          const image = await decodeImage(value as ImageInput, options);
          observePicture(image, call);
          return { value: image, trace: traceOfPicture(image) };
        }),
      );
  },
});
