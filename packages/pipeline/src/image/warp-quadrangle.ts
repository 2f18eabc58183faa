import type { FoundBox, Point } from '../found.js';
import { cutImage, type Image, imageOnDemand, type Region } from './image.js';
import type { Size } from './target-size.js';

/** Positions between pixels are rounded to these parts, as in OpenCV (`INTER_TAB_SIZE`). */
const PARTS = 32;

/** Weights are whole numbers that sum to this, as OpenCV's `INTER_REMAP_COEF_SCALE`. */
const ONE = 2 ** 15;

let table: Int32Array | undefined;

/**
 * Weights of the sixteen pixels around a position, row by row, for each of the parts in y and in x. What rounding
 * leaves over goes to the largest of the lower right four, and what is too much comes from the smallest of them.
 */
function cubicWeights(): Int32Array {
  if (table) return table;
  table = new Int32Array(PARTS * PARTS * 16);
  const line = Float32Array.from({ length: PARTS * 4 }, (_, i) =>
    cubic(Math.abs((i % 4) - 1 - Math.floor(i / 4) / PARTS)),
  );
  for (let part = 0; part < PARTS * PARTS; part++) {
    const weights = table.subarray(part * 16, part * 16 + 16);
    let sum = 0;
    for (let i = 0; i < 16; i++) {
      const down = line[Math.floor(part / PARTS) * 4 + (i >> 2)] as number;
      const across = line[(part % PARTS) * 4 + (i & 3)] as number;
      weights[i] = Math.round(Math.fround(down * across) * ONE);
      sum += weights[i] as number;
    }
    const candidates = LOWER_RIGHT.map((i) => weights[i] as number);
    const wanted = sum < ONE ? Math.max(...candidates) : Math.min(...candidates);
    const i = LOWER_RIGHT[candidates.indexOf(wanted)] as number;
    weights[i] = wanted + ONE - sum;
  }
  return table;
}

/** Places of the lower right four among the sixteen. */
const LOWER_RIGHT = [10, 11, 14, 15];

/** Keys' cubic with OpenCV's a = −0.75 (`interpolateCubic` in imgproc). */
function cubic(distance: number): number {
  const a = -0.75;
  if (distance < 1) return ((a + 2) * distance - (a + 3)) * distance * distance + 1;
  if (distance < 2) return ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a;
  return 0;
}

/** An output position → a position in the image. */
type Mapping = (x: number, y: number) => Point;

/**
 * A quadrangle of an image as an upright image of its own, read on demand: OpenCV's `warpPerspective` with
 * `INTER_CUBIC` and `BORDER_REPLICATE`, within one level of 8 bits. What is read of the image is the part around.
 *
 * @param corners which come to lie at [0, 0], [width, 0], [width, height] and [0, height]
 */
export function warpQuadrangle(image: Image, corners: FoundBox['points'], size: Size): Image {
  const map = mappingTo(corners, size);
  return imageOnDemand({ ...size, channels: image.channels }, (region) => ({
    data: warp(image, region, map),
    stride: image.channels,
  }));
}

/** A projective mapping that takes the corners of a rectangle to given ones (Heckbert, UCB/CSD 89/516, section 2.2.3). */
function mappingTo([p0, p1, p2, p3]: FoundBox['points'], { width, height }: Size): Mapping {
  const [dx1, dy1] = [p1[0] - p2[0], p1[1] - p2[1]];
  const [dx2, dy2] = [p3[0] - p2[0], p3[1] - p2[1]];
  const [sumX, sumY] = [p0[0] - p1[0] + p2[0] - p3[0], p0[1] - p1[1] + p2[1] - p3[1]];
  const determinant = dx1 * dy2 - dx2 * dy1;
  const g = determinant === 0 ? 0 : (sumX * dy2 - dx2 * sumY) / determinant;
  const h = determinant === 0 ? 0 : (dx1 * sumY - sumX * dy1) / determinant;
  const [a, b] = [p1[0] - p0[0] + g * p1[0], p3[0] - p0[0] + h * p3[0]];
  const [d, e] = [p1[1] - p0[1] + g * p1[1], p3[1] - p0[1] + h * p3[1]];
  return (x, y) => {
    const [u, v] = [x / width, y / height];
    const depth = g * u + h * v + 1;
    return [(a * u + b * v + p0[0]) / depth, (d * u + e * v + p0[1]) / depth];
  };
}

function warp(
  image: Image,
  { x: left, y: top, width, height }: Region,
  map: Mapping,
): Uint8ClampedArray {
  const { channels } = image;
  const [right, bottom] = [left + width - 1, top + height - 1];
  const reach = [map(left, top), map(right, top), map(right, bottom), map(left, bottom)];
  const from = around(reach, image);
  const { data } = cutImage(image, from);
  const out = new Uint8ClampedArray(width * height * channels);
  const weights = cubicWeights();
  const columns = new Int32Array(4);
  const rows = new Int32Array(4);
  let o = 0;
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const [sourceX, sourceY] = map(x, y);
      const partX = Math.round(sourceX * PARTS);
      const partY = Math.round(sourceY * PARTS);
      const pixelX = Math.floor(partX / PARTS) - from.x;
      const pixelY = Math.floor(partY / PARTS) - from.y;
      const first = ((partY & (PARTS - 1)) * PARTS + (partX & (PARTS - 1))) * 16;
      for (let tap = 0; tap < 4; tap++) {
        columns[tap] = clamp(pixelX + tap - 1, from.width) * channels;
        rows[tap] = clamp(pixelY + tap - 1, from.height) * from.width * channels;
      }
      if (first === 0) {
        const i = (rows[1] as number) + (columns[1] as number);
        for (let c = 0; c < channels; c++) out[o++] = data[i + c] as number;
        continue;
      }
      for (let c = 0; c < channels; c++) {
        let sum = ONE / 2;
        for (let row = 0, tap = first; row < 4; row++, tap += 4) {
          const i = (rows[row] as number) + c;
          sum +=
            (data[i + (columns[0] as number)] as number) * (weights[tap] as number) +
            (data[i + (columns[1] as number)] as number) * (weights[tap + 1] as number) +
            (data[i + (columns[2] as number)] as number) * (weights[tap + 2] as number) +
            (data[i + (columns[3] as number)] as number) * (weights[tap + 3] as number);
        }
        out[o++] = sum >> 15;
      }
    }
  }
  return out;
}

/** The whole pixels that may weigh in at positions, within an image; at least one. */
function around(positions: readonly Point[], { width, height }: Size): Region {
  const [x, right] = reachOf(
    positions.map(([x]) => x),
    width,
  );
  const [y, bottom] = reachOf(
    positions.map(([, y]) => y),
    height,
  );
  return { x, y, width: right - x + 1, height: bottom - y + 1 };
}

function reachOf(positions: readonly number[], size: number): [first: number, last: number] {
  const first = clamp(Math.floor(Math.min(...positions)) - 2, size);
  return [first, Math.max(first, clamp(Math.ceil(Math.max(...positions)) + 2, size))];
}

function clamp(position: number, size: number): number {
  return position < 0 ? 0 : position < size ? position : size - 1;
}
