import type { Call } from '../step.js';
import type { Image } from './image.js';

/** Notes what drift statistics keep of the picture given: its pixels in millions, and width ÷ height. */
export function observePicture(
  { width, height }: Pick<Image, 'width' | 'height'>,
  { observe }: Pick<Call, 'observe'>,
): void {
  observe('megapixels', (width * height) / 1e6);
  observe('aspect', width / height);
}

/** Values that are looked at, about. */
const SAMPLED = 4096;

/**
 * Notes how bright a picture of 8 bits is and how much its values differ: their mean and their standard deviation,
 * each ÷ 255, over values at equal distances.
 */
export function observeBytes({ data }: Image, { observe }: Pick<Call, 'observe'>): void {
  if (data instanceof Float32Array) return;
  let sum = 0;
  let squares = 0;
  const stride = Math.max(1, Math.floor(data.length / SAMPLED));
  for (let i = 0; i < data.length; i += stride) {
    const value = data[i] as number;
    sum += value;
    squares += value * value;
  }
  const count = Math.ceil(data.length / stride);
  const mean = sum / count;
  observe('brightness', mean / 255);
  observe('contrast', Math.sqrt(Math.max(0, squares / count - mean * mean)) / 255);
}
