import { describe, kindOf, NearsideError } from '@nearside/core';
import { compositeOverBlack } from './composite-over-black.js';
import type { Image } from './image.js';
import { type ImageFileSize, readImageFileSize } from './image-file-size.js';

/** Pixels as they are: RGBA bytes, row-major, alpha not multiplied in. */
export interface RgbaPixels {
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
  /** `height * width * 4` bytes. */
  readonly data: Uint8ClampedArray | Uint8Array;
}

/** What {@link decodeImage} reads. Node has no image decoder: only {@link RgbaPixels} there. */
export type ImageInput =
  | Blob
  | ImageBitmap
  | ImageData
  | VideoFrame
  | OffscreenCanvas
  | HTMLCanvasElement
  | RgbaPixels;

export const DECODE_DEFAULTS = Object.freeze({
  /** Pixels. Room for the 48-megapixel photo of a phone, which takes 340 MB while it is read. */
  maxPixels: 50_000_000,
});

/** Pixels. Wider canvases stay blank without an error: from 16,385 in Safari, 65,536 in Chromium. */
const MAX_WIDTH = 16_384;

/**
 * Pixels drawn and read at a time: 4 MB stay in the cache. For 12 megapixels the whole at once
 * takes 1.5 times as long (Chromium 156).
 */
const STRIP_PIXELS = 2 ** 20;

/**
 * Any picture → 8-bit RGB at its full size: EXIF orientation applied, an embedded colour profile
 * ignored as Pillow does, transparency over black ({@link compositeOverBlack}). The browser only
 * decodes; it never resizes, because its filters differ from those models are trained with.
 *
 * Works in a page and in a worker. The input stays the caller's: it is neither closed nor changed.
 *
 * @param maxPixels width × height that is accepted; a file that says it has more is not decoded
 * @throws NearsideError `decode-failed`, `input-too-large`, `input-detached` or `input-invalid`;
 * `signal.reason` when aborted
 */
export async function decodeImage(
  input: ImageInput,
  {
    maxPixels = DECODE_DEFAULTS.maxPixels,
    signal,
  }: { maxPixels?: number | undefined; signal?: AbortSignal | undefined } = {},
): Promise<Image> {
  signal?.throwIfAborted();
  switch (kindOf(input)) {
    case 'Blob':
    case 'File':
      return decodeBlob(input as Blob, { maxPixels, signal });
    case 'ImageBitmap':
    case 'OffscreenCanvas':
    case 'HTMLCanvasElement': {
      const source = input as ImageBitmap | OffscreenCanvas | HTMLCanvasElement;
      return draw(source, source, maxPixels);
    }
    case 'VideoFrame': {
      const frame = input as VideoFrame;
      return draw(frame, { width: frame.displayWidth, height: frame.displayHeight }, maxPixels);
    }
    case 'ImageData':
    case 'Object':
      return fromRgba(input as RgbaPixels, maxPixels);
    default:
      throw notAnImage(input);
  }
}

async function decodeBlob(
  blob: Blob,
  { maxPixels, signal }: { maxPixels: number; signal: AbortSignal | undefined },
): Promise<Image> {
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
  try {
    signal?.throwIfAborted();
    return draw(bitmap, bitmap, maxPixels);
  } finally {
    bitmap.close();
  }
}

function draw(
  source: ImageBitmap | VideoFrame | OffscreenCanvas | HTMLCanvasElement,
  { width, height }: { width: number; height: number },
  maxPixels: number,
): Image {
  const kind = kindOf(source);
  if (width === 0 || height === 0) {
    if (kind === 'ImageBitmap' || kind === 'VideoFrame') throw detached(kind);
    throw invalid('a canvas with pixels', `${width} × ${height}`);
  }
  checkSize(width, height, maxPixels);
  const rgb = new Uint8ClampedArray(width * height * 3);
  const stripRows = Math.min(height, Math.max(1, Math.floor(STRIP_PIXELS / width)));
  try {
    // In main memory, where it is read back.
    const context = new OffscreenCanvas(width, stripRows).getContext('2d', {
      willReadFrequently: true,
    });
    if (context === null) throw new Error('no 2d context');
    context.globalCompositeOperation = 'copy';
    for (let y = 0; y < height; y += stripRows) {
      context.drawImage(source, 0, -y);
      const rows = Math.min(stripRows, height - y);
      // The canvas keeps round(value · alpha / 255) and gives back a value that it divided out
      // again. That rounds by less than half a step of the product, so compositing restores it.
      compositeOverBlack(
        context.getImageData(0, 0, width, rows).data,
        rgb.subarray(y * width * 3, (y + rows) * width * 3),
      );
    }
  } catch (cause) {
    throw new NearsideError(
      'decode-failed',
      `The pixels of this ${kind} of ${width} × ${height} could not be read (${cause}). A canvas must not hold images from other origins without CORS.`,
      { cause, details: { kind, width, height } },
    );
  }
  return { width, height, channels: 3, data: rgb };
}

function fromRgba(pixels: RgbaPixels, maxPixels: number): Image {
  const { width, height, data } = pixels;
  const kind = kindOf(data);
  if (data === undefined) throw notAnImage(pixels);
  if (kind !== 'Uint8ClampedArray' && kind !== 'Uint8Array') {
    throw invalid('RGBA bytes in a Uint8ClampedArray or Uint8Array as data', describe(data));
  }
  if (!isPositiveInteger(width) || !isPositiveInteger(height)) {
    throw invalid('a positive integer width and height', `${width} × ${height}`);
  }
  if (data.length === 0 && data.buffer.byteLength === 0) throw detached('RGBA data');
  if (data.length !== width * height * 4) {
    throw invalid(
      `${width} × ${height} × 4 = ${width * height * 4} bytes of RGBA`,
      `${data.length} bytes`,
    );
  }
  checkSize(width, height, maxPixels);
  const rgb = new Uint8ClampedArray(width * height * 3);
  compositeOverBlack(data, rgb);
  return { width, height, channels: 3, data: rgb };
}

function isPositiveInteger(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

function checkSize(width: number, height: number, maxPixels: number): void {
  checkPixels({ width, height }, maxPixels);
  if (width > MAX_WIDTH) throw tooLarge(width, height, maxPixels);
}

function checkPixels({ width, height }: ImageFileSize, maxPixels: number): void {
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
  return new NearsideError('input-invalid', `Image input: expected ${expected}, got ${got}.`, {
    details: { expected, got },
  });
}

function detached(kind: string): NearsideError {
  return new NearsideError(
    'input-detached',
    `This ${kind} is empty: it was closed or transferred away. Pass a live one.`,
    { details: { kind } },
  );
}
