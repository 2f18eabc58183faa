import type { Image } from './image.js';
import type { ResamplingWindows } from './resampling-windows.js';

/**
 * One pass over each row of an image, summed in double and kept in float32:
 * [H, W, C] → [H, windows.size, C]. As Pillow's `ImagingResampleHorizontal_32bpc` for mode F.
 */
export function convolveFloatsHorizontally(image: Image, windows: ResamplingWindows): Image {
  const { width, height, channels, data } = image;
  const { size, starts, counts, taps, weights } = windows;
  const out = new Float32Array(height * size * channels);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < size; x++) {
      const start = (y * width + (starts[x] as number)) * channels;
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let tap = 0; tap < (counts[x] as number); tap++) {
          sum += (data[start + tap * channels + c] as number) * (weights[x * taps + tap] as number);
        }
        out[(y * size + x) * channels + c] = sum;
      }
    }
  }
  return { width: size, height, channels, data: out };
}

/**
 * One pass over each column of an image, summed in double and kept in float32:
 * [H, W, C] → [windows.size, W, C]. As Pillow's `ImagingResampleVertical_32bpc` for mode F.
 */
export function convolveFloatsVertically(image: Image, windows: ResamplingWindows): Image {
  const { size, starts, counts, taps, weights } = windows;
  const { width, channels, data } = image;
  const rowLength = width * channels;
  const out = new Float32Array(size * rowLength);
  const sums = new Float64Array(rowLength);
  for (let y = 0; y < size; y++) {
    sums.fill(0);
    for (let tap = 0; tap < (counts[y] as number); tap++) {
      const weight = weights[y * taps + tap] as number;
      const row = ((starts[y] as number) + tap) * rowLength;
      for (let i = 0; i < rowLength; i++) {
        sums[i] = (sums[i] as number) + (data[row + i] as number) * weight;
      }
    }
    out.set(sums, y * rowLength);
  }
  return { width, height: size, channels, data: out };
}
