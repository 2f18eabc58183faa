import { convolveBytesHorizontally, convolveBytesVertically } from './convolve-bytes.js';
import { convolveFloatsHorizontally, convolveFloatsVertically } from './convolve-floats.js';
import type { Image } from './image.js';
import { type ResampleFilter, resamplingWindows } from './resampling-windows.js';
import { resizeNearest } from './resize-nearest.js';

/**
 * An image at exactly `width` × `height` pixels, its proportions changed if need be. For 8-bit
 * images this is Pillow's `Image.resize(…, resample)` bit for bit; for floats its mode F on each
 * channel. An image that has the size already is returned as it is.
 *
 * @param resample Pillow's filter: 0 nearest, 1 Lanczos, 2 bilinear, 3 bicubic
 * @throws RangeError for a width or height that is not a positive integer
 */
export function resize(
  image: Image,
  { width, height, resample }: { width: number; height: number; resample: ResampleFilter },
): Image {
  if (!(Number.isSafeInteger(width) && Number.isSafeInteger(height) && width > 0 && height > 0)) {
    throw new RangeError(`resize: expected positive integers, got ${width} × ${height}.`);
  }
  if (image.width === width && image.height === height) return image;
  if (resample === 0) return resizeNearest(image, width, height);

  const floats = image.data instanceof Float32Array;
  const horizontally = floats ? convolveFloatsHorizontally : convolveBytesHorizontally;
  const vertically = floats ? convolveFloatsVertically : convolveBytesVertically;
  // The order matters for the result: bytes are rounded between the passes.
  const wide =
    image.width === width
      ? image
      : horizontally(image, resamplingWindows(image.width, width, resample));
  return image.height === height
    ? wide
    : vertically(wide, resamplingWindows(image.height, height, resample));
}
