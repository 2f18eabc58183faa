import { type Image, stripsOf } from './image.js';
import type { ResamplingWindows } from './resampling-windows.js';

/** Weights are whole numbers of 1/2048, as OpenCV's `INTER_RESIZE_COEF_SCALE`. */
const ONE = 2048;

/**
 * Linear interpolation of bytes without antialiasing, bit for bit OpenCV's `INTER_LINEAR` (imgproc's resize.cpp): columns
 * are mixed to 19 bits, of which rows take the upper 15. Two mixed rows are kept at a time, and of others than are
 * needed none is mixed.
 *
 * @param columns what each output column lies between
 * @param rows what each output row lies between
 */
export function resizeLinearBytes(
  image: Image,
  { columns, rows }: { readonly columns: ResamplingWindows; readonly rows: ResamplingWindows },
): Image {
  const { channels } = image;
  const length = columns.size * channels;
  const out = new Uint8ClampedArray(rows.size * length);
  const across = wholeWeights(columns);
  const down = wholeWeights(rows);
  const kept = [new Int32Array(length), new Int32Array(length)] as const;
  const mixed = (y: number) => kept[(y % 2) as 0 | 1];
  let next = 0; // output row
  for (const { y: top, rows: count, data, stride } of stripsOf(image)) {
    const rowLength = data.length / count;
    for (let y = top; y < top + count && next < rows.size; y++) {
      if (y < (rows.starts[next] as number)) continue;
      const row = data.subarray((y - top) * rowLength, (y - top + 1) * rowLength);
      mixColumns(row, { stride, channels, columns, across }, mixed(y));
      for (; next < rows.size && lastOf(rows, next) === y; next++) {
        const [above, below] = [mixed(rows.starts[next] as number), mixed(y)];
        const [upper = 0, lower = 0] = down.subarray(2 * next);
        for (let i = 0, o = next * length; i < length; i++, o++) {
          const one = ((above[i] as number) * upper) >> 16;
          const other = ((below[i] as number) * lower) >> 16;
          out[o] = (one + other + 2) >> 2;
        }
      }
    }
  }
  return { width: columns.size, height: rows.size, channels, data: out };
}

function lastOf({ starts, counts }: ResamplingWindows, o: number): number {
  return (starts[o] as number) + (counts[o] as number) - 1;
}

function mixColumns(
  row: Image['data'],
  options: {
    readonly stride: number;
    readonly channels: number;
    readonly columns: ResamplingWindows;
    readonly across: Int32Array;
  },
  mixed: Int32Array,
): void {
  const { stride, channels, across } = options;
  const { size, starts, counts } = options.columns;
  for (let x = 0, o = 0; x < size; x++) {
    const first = (starts[x] as number) * stride;
    const second = first + ((counts[x] as number) - 1) * stride;
    const left = across[2 * x] as number;
    const right = across[2 * x + 1] as number;
    for (let c = 0; c < channels; c++, o++) {
      mixed[o] = ((row[first + c] as number) * left + (row[second + c] as number) * right) >> 4;
    }
  }
}

/** Half to even, as `cvRound`. */
function wholeWeights({ weights }: ResamplingWindows): Int32Array {
  return Int32Array.from(weights, (weight) => {
    const whole = Math.round(weight * ONE);
    return whole - weight * ONE === 0.5 && whole % 2 === 1 ? whole - 1 : whole;
  });
}
