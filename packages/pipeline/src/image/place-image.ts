import { cutImage, type Image, valuesLike } from './image.js';
import type { Size } from './target-size.js';

/**
 * An image on a ground of another size, cut where it sticks out. Of a picture that is read on demand, only what shows
 * is read.
 *
 * @param left where its first column comes to lie, in pixels; below 0 for what is cut off
 * @param top where its first row comes to lie
 * @param fill what the ground shows, a value for each channel
 */
export function placeImage(
  image: Image,
  ground: Size & {
    readonly left: number;
    readonly top: number;
    readonly fill: readonly number[];
  },
): Image {
  const { width, height, left, top, fill } = ground;
  const { channels } = image;
  const x = Math.max(0, -left);
  const y = Math.max(0, -top);
  const shown = cutImage(image, {
    x,
    y,
    width: Math.min(image.width, width - left) - x,
    height: Math.min(image.height, height - top) - y,
  });
  if (shown.width === width && shown.height === height) return shown;
  const data = valuesLike(image, width * height * channels);
  for (let i = 0; i < data.length; i++) data[i] = fill[i % channels] as number;
  const shownLength = shown.width * channels;
  for (let row = 0; row < shown.height; row++) {
    const start = ((top + y + row) * width + left + x) * channels;
    data.set(shown.data.subarray(row * shownLength, (row + 1) * shownLength), start);
  }
  return { width, height, channels, data };
}
