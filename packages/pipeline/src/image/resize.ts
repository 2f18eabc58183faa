import {
  type ByteKernel,
  convolveBytesHorizontally,
  convolveBytesVertically,
  convolveStripsHorizontally,
} from './convolve-bytes.js';
import { byteKernel } from './convolve-bytes-simd.js';
import { convolveFloatsHorizontally, convolveFloatsVertically } from './convolve-floats.js';
import { type Image, isOfBytes } from './image.js';
import { linearWindows } from './linear-windows.js';
import { type ResampleFilter, resamplingWindows } from './resampling-windows.js';
import { resizeLinearBytes } from './resize-linear-bytes.js';
import { resizeNearest } from './resize-nearest.js';
import type { Size } from './target-size.js';

export interface ResizeOptions extends Size {
  /** Pillow's filter: 0 nearest, 1 Lanczos, 2 bilinear, 3 bicubic. */
  readonly resample: ResampleFilter;
  /** The filter widens when the image shrinks, so that every pixel counts; true by default. */
  readonly antialias?: boolean | undefined;
  /** Without antialiasing: whether the centres of the outermost pixels stay where they are. */
  readonly alignCorners?: boolean | undefined;
}

/**
 * An image at exactly `width` × `height` pixels, its proportions changed if need be. For 8-bit
 * images this is Pillow's `Image.resize(…, resample)` bit for bit; for floats its mode F on each
 * channel. Without antialiasing, bilinear is OpenCV's `INTER_LINEAR` bit for bit for 8 bits, and torch's
 * `interpolate` within 1e-5 for floats. An image that has the size already is returned as it is.
 *
 * @param kernel what computes on bytes
 * @throws RangeError for a width or height that is not a positive integer; without antialiasing for filters other
 *   than nearest and bilinear
 */
export function resize(
  image: Image,
  options: ResizeOptions,
  kernel: ByteKernel = byteKernel(),
): Image {
  const { width, height, resample, antialias = true } = options;
  if (!(Number.isSafeInteger(width) && Number.isSafeInteger(height) && width > 0 && height > 0)) {
    throw new RangeError(`resize: expected positive integers, got ${width} × ${height}.`);
  }
  if (!antialias && resample % 2 === 1) {
    throw new RangeError('resize: expected nearest or bilinear without antialiasing.');
  }
  if (image.width === width && image.height === height) return image;
  if (resample === 0) return resizeNearest(image, width, height);

  const isBytes = isOfBytes(image);
  const { alignCorners = false } = options;
  if (!antialias && isBytes) {
    const double = { alignCorners, precision: 'double' } as const;
    const columns = linearWindows(image.width, width, double);
    const rows = linearWindows(image.height, height, { ...double, repeatsEdges: true });
    return resizeLinearBytes(image, { columns, rows });
  }
  const horizontally = isBytes ? convolveBytesHorizontally : convolveFloatsHorizontally;
  const vertically = isBytes ? convolveBytesVertically : convolveFloatsVertically;
  const windows = (from: number, to: number) =>
    antialias
      ? resamplingWindows(from, to, resample)
      : linearWindows(from, to, { alignCorners, precision: 'single' });
  // The order matters for the result: bytes are rounded between the passes.
  const wide =
    image.width === width ? image : horizontally(image, windows(image.width, width), kernel);
  return image.height === height ? wide : vertically(wide, windows(image.height, height), kernel);
}

/** {@link resize} with antialiasing of a picture whose strips come one after another, and of any other at once. */
export async function resizeStrips(image: Image, options: ResizeOptions): Promise<Image> {
  const { width, resample } = options;
  if (!image.strips || resample === 0 || options.antialias === false) return resize(image, options);
  const windows = resamplingWindows(image.width, width, resample);
  const wide = await convolveStripsHorizontally(image, image.strips(), windows, byteKernel());
  const { data, ...resized } = resize(wide, options);
  for (let i = 0; i < data.length; i += 3) {
    const blue = data[i] as number;
    data[i] = data[i + 2] as number;
    data[i + 2] = blue;
  }
  return { ...resized, data };
}
