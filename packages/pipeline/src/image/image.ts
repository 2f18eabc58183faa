import type { Size } from './target-size.js';

/**
 * An image as numbers: row-major height × width × channels, no padding. Channels are gray (1) or red, green, blue
 * (3). Bytes are 0…255; a `Float32Array` holds any range.
 */
export interface Image extends Size {
  readonly channels: 1 | 3;
  /** `height * width * channels` values. With `read` they come into being when they are first asked for. */
  readonly data: Uint8ClampedArray | Uint8Array | Float32Array;
  /** For images of bytes that are read when pixels are needed: a part of them, which never makes the whole. */
  readonly read?: ReadRegion | undefined;
  /** For pictures whose rows come faster in this way, from top to bottom: blue, green, red and nothing. */
  readonly strips?: (() => AsyncGenerator<Strip, void>) | undefined;
  /** For pictures that were decoded smaller: what they are in full. */
  readonly full?: Size | undefined;
  /** For floats that come of bytes: `data` comes into being when it is first asked for. */
  readonly levels?: Levels | undefined;
}

/** Floats that each come of a byte, by a table. */
export interface Levels {
  /** `height * width * channels` of them. */
  readonly bytes: Uint8ClampedArray | Uint8Array;
  /** [256, channels]: what a byte of a channel becomes. */
  readonly table: Float32Array;
}

/** A part of an image: whole pixels that all lie within it. */
export interface Region extends Size {
  readonly x: number;
  readonly y: number;
}

/** Bytes of pixels, row-major. Of a pixel of four, the last means nothing. */
export interface Pixels {
  readonly data: Uint8ClampedArray;
  /** From one pixel to the next: the number of channels, or 4 for red, green and blue. */
  readonly stride: 1 | 3 | 4;
}

/** @returns the pixels of the region, in memory of their own */
export type ReadRegion = (region: Region) => Pixels;

/** An image of bytes that are read when they are needed. The whole is kept once a step has asked for it. */
export function imageOnDemand(
  { width, height, channels, strips }: Pick<Image, 'width' | 'height' | 'channels' | 'strips'>,
  read: ReadRegion,
): Image {
  let whole: Uint8ClampedArray | undefined;
  return {
    width,
    height,
    channels,
    read,
    strips,
    get data() {
      whole ??= withoutGaps(read({ x: 0, y: 0, width, height }));
      return whole;
    },
  };
}

/** Red, green and blue alone. */
function withoutGaps({ data, stride }: Pixels): Uint8ClampedArray {
  if (stride !== 4) return data;
  const rgb = new Uint8ClampedArray((data.length / 4) * 3);
  for (let i = 0, o = 0; o < rgb.length; i += 4, o += 3) {
    rgb[o] = data[i] as number;
    rgb[o + 1] = data[i + 1] as number;
    rgb[o + 2] = data[i + 2] as number;
  }
  return rgb;
}

/** Told without reading any. */
export function isOfBytes(image: Image): boolean {
  if (image.levels) return false;
  return image.read !== undefined || !(image.data instanceof Float32Array);
}

/** Room for so many values of the kind that an image has. */
export function valuesLike(image: Image, length: number): Uint8ClampedArray | Float32Array {
  return isOfBytes(image) ? new Uint8ClampedArray(length) : new Float32Array(length);
}

/** A part of an image as an image of its own. */
export function cutImage(image: Image, region: Region): Image {
  const { channels, read } = image;
  const { x, y, width, height } = region;
  const size = { width, height, channels };
  if (read) return { ...size, data: withoutGaps(read(region)) };
  const { data } = image;
  const out = valuesLike(image, width * height * channels);
  for (let row = 0; row < height; row++) {
    const start = ((y + row) * image.width + x) * channels;
    out.set(data.subarray(start, start + width * channels), row * width * channels);
  }
  return { ...size, data: out };
}

/**
 * Pixels read at a time: 1 MB of RGBA stays in the cache. For 12 megapixels the whole at once takes 1.5 times as long
 * (Chromium 156).
 */
export const STRIP_PIXELS = 2 ** 18;

/** Rows that are read at a time: an even number, because two rows of a camera's frame may share their colours. */
export function rowsOfStrip({ width, height }: Size): number {
  return Math.min(height, 2 * Math.max(1, Math.floor(STRIP_PIXELS / width / 2)));
}

/** Whole rows of an image. */
export interface Strip {
  /** The first of them. */
  readonly y: number;
  readonly rows: number;
  readonly data: Image['data'];
  readonly stride: Pixels['stride'];
}

/** An image from top to bottom, as many rows at a time as are read at once: all of them, where they are there already. */
export function* stripsOf(image: Image): Generator<Strip, void> {
  const { width, height, channels, read } = image;
  if (!read) {
    yield { y: 0, rows: height, data: image.data, stride: channels };
    return;
  }
  const most = rowsOfStrip(image);
  for (let y = 0; y < height; y += most) {
    const rows = Math.min(most, height - y);
    yield { y, rows, ...read({ x: 0, y, width, height: rows }) };
  }
}
