import * as v from 'valibot';
import { decodeImage, type ImageInput } from '../image/decode-image.js';
import { observePicture } from '../image/observe-image.js';
import { defineStep } from '../step.js';
import { traceOfPicture } from '../trace.js';

/** A picture in any form that {@link decodeImage} reads → 8-bit RGB, orientation applied, transparency over black. */
export const decodeImageStep = defineStep({
  name: 'decode-image',
  parameters: v.strictObject({}),
  takes: 'input',
  gives: 'image',
  form: () => ({ channels: 3, depth: 'bytes', width: undefined, height: undefined }),
  prepare:
    (_, { maxPixels }) =>
    () =>
    (items, call) =>
      Promise.all(
        items.map(async ({ value }) => {
          const { signal } = call;
          const image = await decodeImage(value as ImageInput, { maxPixels, signal });
          observePicture(image, call);
          return { value: image, trace: traceOfPicture(image) };
        }),
      ),
});
