import { type Image, imageOnDemand, type Strip } from './image.js';

/**
 * Makes each pixel of bytes from the pixel in its place. Of an image that is read on demand, the pixels are made when
 * those are read.
 *
 * @param work on n pixels, in memory of their own afterwards
 */
export function perPixel(
  image: Image,
  channels: Image['channels'],
  work: (pixels: Pick<Strip, 'data' | 'stride'>) => Uint8ClampedArray,
): Image {
  const { width, height, read } = image;
  const size = { width, height, channels };
  if (!read) return { ...size, data: work({ data: image.data, stride: image.channels }) };
  return imageOnDemand(size, (region) => ({ data: work(read(region)), stride: channels }));
}
