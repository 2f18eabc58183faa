import { NearsideError } from '@nearside/core';
import * as v from 'valibot';
import type { FoundBox } from '../found.js';
import type { Image } from '../image/image.js';
import { turnLeft } from '../image/turn-left.js';
import { warpQuadrangle } from '../image/warp-quadrangle.js';
import { defineStep } from '../step.js';
import { isUpright } from '../text/join-lines.js';
import { distance } from '../text/smallest-rectangle.js';

/**
 * A found box cut out of the picture given, its sides as long as there, and turned to the left when it stands on end
 * ({@link warpQuadrangle}; PP-OCR's `get_rotate_crop_image`).
 */
export function cropBox(picture: Image, { points }: FoundBox): Image {
  const [a, b, c, d] = points;
  const width = Math.max(1, Math.trunc(Math.max(distance(a, b), distance(c, d))));
  const height = Math.max(1, Math.trunc(Math.max(distance(a, d), distance(b, c))));
  const upright = warpQuadrangle(picture, points, { width, height });
  return isUpright({ width, height }) ? turnLeft(upright) : upright;
}

/** {@link cropBox}, as a step. */
export const cropBoxStep = defineStep({
  name: 'crop-box',
  parameters: v.strictObject({}),
  takes: 'box',
  gives: 'image',
  form: () => ({ channels: 3, depth: 'bytes', width: undefined, height: undefined }),
  compile: () => () => (items) =>
    items.map(({ value: box, trace: { picture, ...trace } }) => {
      if (!picture) {
        throw new NearsideError(
          'input-invalid',
          'Expected a picture to cut boxes out of, got tensors.',
        );
      }
      return {
        value: cropBox(picture, box),
        trace: { ...trace, picture, box, toPicture: undefined },
      };
    }),
});
