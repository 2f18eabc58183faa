import { describe, kindOf, NearsideError, type PlatformType } from '@nearside/core';
import { detachedInput, invalidInput } from '../input-errors.js';
import { type Canvas, canvasOf, type Drawable, multipliesExactly } from './canvas.js';
import { type Color, compositeOver } from './composite-over.js';
import { decodeFrame, hasFrames, stripsOfCamera, stripsOfFrame } from './decode-frame.js';
import { decodePhoto } from './decode-photo.js';
import { type Image, imageOnDemand, type ReadRegion, rowsOfStrip } from './image.js';
import { readImageFileSize } from './image-file-size.js';
import type { Size } from './target-size.js';

/** Pixels as they are: RGBA bytes, row-major, alpha not multiplied in. */
export interface RgbaPixels {
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
  /** `height * width * 4` bytes. */
  readonly data: Uint8ClampedArray | Uint8Array;
}

/** {@link decodeImage} reads these. Node has no image decoder: only {@link RgbaPixels} there. */
export type ImageInput =
  | Blob
  | PlatformType<'ImageBitmap'>
  | PlatformType<'ImageData'>
  | PlatformType<'VideoFrame'>
  | PlatformType<'OffscreenCanvas'>
  | PlatformType<'HTMLCanvasElement'>
  | RgbaPixels;

export const DECODE_DEFAULTS = Object.freeze({
  /** Pixels. Room for the 48-megapixel photo of a phone, which takes 340 MB while it is read. */
  maxPixels: 50_000_000,
});

/** Pixels. Wider canvases stay blank without an error: from 16,385 in Safari, 65,536 in Chromium. */
const MAX_WIDTH = 16_384;

export interface DecodeOptions {
  /** Width × height that is accepted; a file that says it has more is not decoded. */
  readonly maxPixels?: number | undefined;
  /** Transparent pixels show it; black by default. */
  readonly background?: Color | undefined;
  /** True where its rows are read once, from top to bottom, and nothing else of it. */
  readonly isReadOnce?: boolean | undefined;
  /** With `isReadOnce`: the least size at which a picture of that size may be decoded, where less need be decoded then. */
  readonly least?: ((full: Size) => Size) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Takes what frees the decoded file, once none of its pixels is needed any more. */
  readonly defer: (release: () => void) => void;
}

/** Pixels of a file from which on it matters how they are read. */
const PHOTO_PIXELS = 2 ** 20;

const BLACK: Color = [0, 0, 0];

/**
 * Any picture → 8-bit RGB at its full size, read when it is needed: EXIF orientation applied, an embedded colour
 * profile ignored as Pillow does, transparency over a colour ({@link compositeOver}). The browser only decodes; it
 * never resizes, because its filters differ from those models are trained with.
 *
 * Works in a page and in a worker. The input stays the caller's: it is neither closed nor changed, and has to stay as
 * it is while pixels are read.
 *
 * @throws NearsideError `decode-failed`, `input-too-large`, `input-detached` or `input-invalid`;
 * `signal.reason` when aborted. Reading throws `decode-failed` for pixels that cannot be had.
 */
export async function decodeImage(input: ImageInput, options: DecodeOptions): Promise<Image> {
  const { signal } = options;
  const limits = {
    maxPixels: options.maxPixels ?? DECODE_DEFAULTS.maxPixels,
    background: options.background ?? BLACK,
  };
  signal?.throwIfAborted();
  switch (kindOf(input)) {
    case 'Blob':
    case 'File':
      return fromBlob(input as Blob, { ...options, ...limits });
    case 'ImageBitmap':
    case 'OffscreenCanvas':
    case 'HTMLCanvasElement':
      return drawable(input as Drawable, limits);
    case 'VideoFrame':
      return drawable(
        input as VideoFrame,
        limits,
        options.isReadOnce ? stripsOfCamera(input as VideoFrame) : undefined,
      );
    case 'ImageData':
    case 'Object':
      return fromRgba(input as RgbaPixels, limits);
    default:
      throw notAnImage(input);
  }
}

interface Limits {
  readonly maxPixels: number;
  readonly background: Color;
}

async function fromBlob(blob: Blob, options: DecodeOptions & Limits): Promise<Image> {
  const { maxPixels, signal, defer } = options;
  const what = `a Blob of ${blob.size} bytes ${blob.type === '' ? 'without a type' : `of type '${blob.type}'`}`;
  const details = { type: blob.type, sizeBytes: blob.size };
  if (typeof createImageBitmap === 'undefined') {
    throw new NearsideError(
      'decode-failed',
      `This environment cannot decode image files, got ${what}. Decode it first, for instance with the npm package sharp, and pass { data, width, height } with RGBA bytes.`,
      { details },
    );
  }
  const size = await readImageFileSize(blob).catch(() => undefined); // decoding says what is wrong
  if (size) checkPixels(size, maxPixels);
  signal?.throwIfAborted();
  async function byCanvas(): Promise<Image> {
    const bitmap = await createImageBitmap(blob, {
      imageOrientation: 'from-image',
      colorSpaceConversion: 'none',
      premultiplyAlpha: 'none',
    }).catch((cause: unknown) => {
      throw new NearsideError(
        'decode-failed',
        `Expected an image file that this browser can decode, such as PNG, JPEG or WebP, got ${what}. Pass the image file itself, or draw it on a canvas and pass that.`,
        { cause, details },
      );
    });
    defer(() => bitmap.close());
    signal?.throwIfAborted();
    if (!size?.isOpaque && !(await multipliesExactly())) {
      const pixels = await pixelsOf(bitmap).catch(() => undefined); // then as the canvas has them
      if (pixels) return fromRgba(pixels, options);
    }
    return drawable(bitmap, options);
  }

  async function frameOf(desired?: Size): Promise<VideoFrame | undefined> {
    const frame = await decodeFrame(blob, desired);
    if (!frame) return undefined;
    defer(() => frame.close());
    signal?.throwIfAborted();
    return frame;
  }

  async function byFrame(): Promise<Image | undefined> {
    const frame = await frameOf();
    return frame && drawable(frame, options, () => stripsOfFrame(frame));
  }

  async function smaller(full: Size, least: Size): Promise<Image | undefined> {
    const scale = Math.max(least.width / full.width, least.height / full.height);
    const eighths = Math.ceil(scale * 8); // what a JPEG decoder can leave out; it takes no more than is desired
    if (eighths >= 8) return undefined;
    const desired = {
      width: Math.ceil((full.width * eighths) / 8),
      height: Math.ceil((full.height * eighths) / 8),
    };
    const frame = await frameOf(desired);
    if (!frame) return undefined;
    if (frame.codedWidth < least.width || frame.codedHeight < least.height) return undefined;
    const strips = () => stripsOfFrame(frame);
    return Object.assign(drawable(frame, options, strips), { full });
  }

  const { isReadOnce, least } = options;
  const isPhoto = size?.isOpaque && size.isUpright && size.width * size.height >= PHOTO_PIXELS;
  if (!isPhoto || !isReadOnce || !hasFrames()) return byCanvas();
  const { width, height } = size;
  const reduced = least && (await smaller({ width, height }, least(size)));
  const image = reduced ?? (await decodePhoto(byCanvas, byFrame));
  signal?.throwIfAborted();
  return image;
}

/** A bitmap whose alpha is not multiplied in, as it is: whole, which is only done for files that may be transparent. */
async function pixelsOf(bitmap: ImageBitmap): Promise<RgbaPixels> {
  const { width, height } = bitmap;
  const data = new Uint8ClampedArray(width * height * 4);
  const frame = new VideoFrame(bitmap, { timestamp: 0 });
  try {
    await frame.copyTo(data, { format: 'RGBA' });
  } finally {
    frame.close();
  }
  return { width, height, data };
}

function drawable(
  source: Drawable,
  { maxPixels, background }: Limits,
  strips?: Image['strips'],
): Image {
  const kind = kindOf(source);
  const { width, height } =
    'displayWidth' in source
      ? { width: source.displayWidth, height: source.displayHeight }
      : source;
  if (width === 0 || height === 0) {
    if (kind === 'ImageBitmap' || kind === 'VideoFrame') throw detachedInput(kind);
    throw invalid('a canvas with pixels', `${width} × ${height}`);
  }
  checkSize(width, height, maxPixels);
  const read = readByCanvas(source, background);
  return imageOnDemand({ width, height, channels: 3, strips }, (region) => {
    try {
      return read(region);
    } catch (cause) {
      throw new NearsideError(
        'decode-failed',
        `The pixels of this ${kind} of ${width} × ${height} could not be read (${cause}). A canvas must not hold images from other origins without CORS.`,
        { cause, details: { kind, width, height } },
      );
    }
  });
}

/** Reads parts of what a canvas draws, through one canvas that is only as large as what is read at a time. */
function readByCanvas(source: Drawable, background: Color): ReadRegion {
  const isOverBlack = background.every((value) => value === 0);
  let canvas: Canvas | undefined;
  return ({ x, y, width, height }) => {
    const most = rowsOfStrip({ width, height });
    if (!canvas || canvas.width < width || canvas.height < most) {
      canvas = canvasOf(width, most, !isOverBlack);
    }
    const { context, isOpaque } = canvas;
    const rgba = new Uint8ClampedArray(most === height ? 0 : width * height * 4);
    for (let row = 0; row < height; row += most) {
      context.drawImage(source, -x, -y - row);
      const { data } = context.getImageData(0, 0, width, Math.min(most, height - row));
      // A canvas keeps round(value · alpha / 255), which is the value over black. One with alpha divides it out
      // again, and rounds by less than half a step of the product: over black, compositing restores it.
      if (!isOpaque) compositeOver(data, background);
      if (most === height) return { data, stride: 4 };
      rgba.set(data, row * width * 4);
    }
    return { data: rgba, stride: 4 };
  };
}

function fromRgba(pixels: RgbaPixels, { maxPixels, background }: Limits): Image {
  const { width, height, data } = pixels;
  const kind = kindOf(data);
  if (data === undefined) throw notAnImage(pixels);
  if (kind !== 'Uint8ClampedArray' && kind !== 'Uint8Array') {
    throw invalid('RGBA bytes in a Uint8ClampedArray or Uint8Array as data', describe(data));
  }
  if (!isPositiveInteger(width) || !isPositiveInteger(height)) {
    throw invalid('a positive integer width and height', `${width} × ${height}`);
  }
  if (data.length === 0 && data.buffer.byteLength === 0) throw detachedInput('RGBA data');
  if (data.length !== width * height * 4) {
    throw invalid(
      `${width} × ${height} × 4 = ${width * height * 4} bytes of RGBA`,
      `${data.length} bytes`,
    );
  }
  checkSize(width, height, maxPixels);
  return imageOnDemand({ width, height, channels: 3 }, (region) => {
    const rgba = new Uint8ClampedArray(region.width * region.height * 4);
    for (let row = 0; row < region.height; row++) {
      const start = ((region.y + row) * width + region.x) * 4;
      rgba.set(data.subarray(start, start + region.width * 4), row * region.width * 4);
    }
    compositeOver(rgba, background);
    return { data: rgba, stride: 4 };
  });
}

function isPositiveInteger(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

function checkSize(width: number, height: number, maxPixels: number): void {
  checkPixels({ width, height }, maxPixels);
  if (width > MAX_WIDTH) throw tooLarge(width, height, maxPixels);
}

function checkPixels({ width, height }: Size, maxPixels: number): void {
  if (width * height > maxPixels) throw tooLarge(width, height, maxPixels);
}

function tooLarge(width: number, height: number, maxPixels: number): NearsideError {
  return new NearsideError(
    'input-too-large',
    `Expected an image of at most ${maxPixels} pixels and ${MAX_WIDTH} pixels wide, got ${width} × ${height} = ${width * height}. Make it smaller first.`,
    { details: { width, height, maxPixels, maxWidth: MAX_WIDTH } },
  );
}

function notAnImage(input: unknown): NearsideError {
  return invalid(
    'a Blob, ImageBitmap, ImageData, VideoFrame, canvas or { data, width, height } with RGBA bytes',
    describe(input),
  );
}

function invalid(expected: string, got: string): NearsideError {
  return invalidInput('Image', expected, got);
}
