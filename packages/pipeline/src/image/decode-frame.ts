import { NearsideError } from '@nearside/core';
import { type Image, rowsOfStrip, type Strip } from './image.js';
import { HEAD_BYTES } from './image-file-size.js';
import type { Size } from './target-size.js';

/** The part of WebCodecs' `ImageDecoder` that is used here. TypeScript's types of a page lack it. */
interface ImageDecoder {
  readonly tracks: { readonly ready: Promise<void> };
  decode(): Promise<{ readonly image: Frame }>;
  close(): void;
}

type ImageDecoderClass = new (options: {
  readonly data: ReadableStream<Uint8Array>;
  readonly type: string;
  readonly colorSpaceConversion: 'none';
  readonly desiredWidth?: number;
  readonly desiredHeight?: number;
}) => ImageDecoder;

/** With what tells how it would have to be turned, where the engine knows that. */
type Frame = VideoFrame & { readonly rotation?: number; readonly flip?: boolean };

/** After this an engine is not waited for any more, ms: the canvas shows the file. */
const DECODE_MS = 10_000;

/** How long an engine may take for the head of a file: those that ask for all of it first are not waited for. */
const HEAD_MS = 200;

/** True where this engine has an `ImageDecoder`, and tells how a frame has to be turned. */
export function hasFrames(): boolean {
  return 'ImageDecoder' in globalThis && 'rotation' in VideoFrame.prototype;
}

/**
 * A JPEG as a frame whose rows are copied as they are: BGRX, not turned, in no colour space. Chromium makes such a frame
 * where it has the head before the rest. Of a file that is all there it makes YUV, which becomes other colours.
 *
 * @param desired a size for which less has to be decoded; the decoder takes whole eighths of each side, no more than that
 * @returns undefined where there is no such frame: another way has to show what the file is
 */
export async function decodeFrame(file: Blob, desired?: Size): Promise<VideoFrame | undefined> {
  if (!hasFrames()) return undefined;
  const { ImageDecoder } = globalThis as never as { ImageDecoder: ImageDecoderClass };
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const decoder = new ImageDecoder({
    data: readable,
    type: 'image/jpeg',
    colorSpaceConversion: 'none',
    ...(desired && { desiredWidth: desired.width, desiredHeight: desired.height }),
  });
  const decoded = decoder.decode();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(reject, DECODE_MS, new Error('too late'));
  });
  try {
    const whole = Promise.all([decoded, feed(decoder, file, writable)]);
    const [{ image }] = await Promise.race([whole, tooLate]);
    if (isPlain(image)) return image;
    image.close();
  } catch {
    // The canvas finds out what the file is. A frame that comes after all is not needed.
    decoded.then(({ image }) => image.close()).catch(() => {});
  } finally {
    clearTimeout(timer);
    decoder.close();
  }
  return undefined;
}

/** The head, which says how large the picture is, and the rest when that has been read. */
async function feed(
  { tracks }: ImageDecoder,
  file: Blob,
  writable: WritableStream<Uint8Array>,
): Promise<void> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const head = Math.min(HEAD_BYTES, bytes.length - 2);
  const writer = writable.getWriter();
  await writer.write(bytes.subarray(0, head));
  await Promise.race([tracks.ready, new Promise((resolve) => setTimeout(resolve, HEAD_MS))]);
  await writer.write(bytes.subarray(head));
  await writer.close();
}

function isPlain(frame: Frame): boolean {
  return frame.format === 'BGRX' && isUpright(frame) && frame.colorSpace.primaries === null;
}

function isUpright({ rotation, flip }: Frame): boolean {
  return rotation === 0 && !flip;
}

/**
 * Rows of a frame as a camera gives them are copied in a fifth of the time of a canvas, and are the same (640 × 480,
 * Chromium 156).
 *
 * @returns undefined for a frame that only a canvas shows as it is meant: with alpha, turned, stretched; and where the
 *   browser converts no colours as it copies
 */
export function stripsOfCamera(frame: VideoFrame): Image['strips'] {
  const { format, codedWidth, codedHeight, displayWidth, displayHeight } = frame;
  const isWhole = codedWidth === displayWidth && codedHeight === displayHeight;
  const isOpaque = format !== null && !format.includes('A');
  if (!(hasFrames() && isOpaque && isWhole && isUpright(frame))) return undefined;
  const sizeBytes = frame.allocationSize(IN_COLORS);
  return sizeBytes === codedWidth * codedHeight * 4 ? () => stripsOfFrame(frame) : undefined;
}

/** Older browsers do not know this option, and give a frame's own planes. */
const IN_COLORS: VideoFrameCopyToOptions = { format: 'BGRX' };

/**
 * Its rows from top to bottom, BGRX. The memory of a strip is that of the next one.
 *
 * @throws NearsideError `decode-failed` for rows that cannot be had
 */
export async function* stripsOfFrame(frame: VideoFrame): AsyncGenerator<Strip, void> {
  const { codedWidth: width, codedHeight: height, format } = frame;
  const copied = format === 'BGRX' ? {} : IN_COLORS;
  const most = rowsOfStrip({ width, height });
  const memory = new Uint8ClampedArray(most * width * 4);
  for (let y = 0; y < height; y += most) {
    const rows = Math.min(most, height - y);
    const data = memory.subarray(0, rows * width * 4);
    const rect = { x: 0, y, width, height: rows };
    await frame.copyTo(data, { ...copied, rect }).catch((cause: unknown) => {
      throw new NearsideError(
        'decode-failed',
        `The pixels of this picture of ${width} × ${height} could not be read (${cause}).`,
        { cause, details: { width, height } },
      );
    });
    yield { y, rows, data, stride: 4 };
  }
}
