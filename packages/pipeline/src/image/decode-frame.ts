import { NearsideError } from '@nearside/core';
import { STRIP_PIXELS, type Strip } from './image.js';

/** What is used of WebCodecs' `ImageDecoder`, which TypeScript's types of a page lack. */
type ImageDecoderClass = new (options: {
  readonly data: ReadableStream<Uint8Array>;
  readonly type: string;
  readonly colorSpaceConversion: 'none';
}) => { decode(): Promise<{ readonly image: Frame }>; close(): void };

/** With what tells how it would have to be turned, where the engine knows that. */
type Frame = VideoFrame & { readonly rotation?: number; readonly flip?: boolean };

/**
 * A JPEG as a frame whose rows are copied as they are: RGB, not turned, in no colour space. Chromium makes such a frame
 * of a stream; of bytes that are all there it makes YUV, which becomes other colours.
 *
 * @returns undefined where there is no such frame: another way has to show what the file is
 */
export async function decodeFrame(file: Blob): Promise<VideoFrame | undefined> {
  const { ImageDecoder } = globalThis as { ImageDecoder?: ImageDecoderClass };
  if (!ImageDecoder || !('rotation' in VideoFrame.prototype)) return undefined;
  const options = { type: 'image/jpeg', colorSpaceConversion: 'none' } as const;
  const decoder = new ImageDecoder({ data: file.stream(), ...options });
  try {
    const { image } = await decoder.decode();
    if (isPlain(image)) return image;
    image.close();
  } catch {
    // Not decoded, or not by this.
  } finally {
    decoder.close();
  }
  return undefined;
}

function isPlain({ format, rotation, flip, colorSpace }: Frame): boolean {
  const isRgb = format === 'BGRX' || format === 'RGBX';
  return isRgb && rotation === 0 && !flip && colorSpace.primaries === null;
}

/**
 * Its rows from top to bottom. The memory of a strip is that of the next one.
 *
 * @throws NearsideError `decode-failed` for rows that cannot be had
 */
export async function* stripsOfFrame(frame: VideoFrame): AsyncGenerator<Strip, void> {
  const { codedWidth: width, codedHeight: height } = frame;
  const most = Math.min(height, Math.max(1, Math.floor(STRIP_PIXELS / width)));
  const memory = new Uint8ClampedArray(most * width * 4);
  for (let y = 0; y < height; y += most) {
    const rows = Math.min(most, height - y);
    const data = memory.subarray(0, rows * width * 4);
    const rect = { x: 0, y, width, height: rows };
    await frame.copyTo(data, { rect, format: 'RGBA' }).catch((cause: unknown) => {
      throw new NearsideError(
        'decode-failed',
        `The pixels of this picture of ${width} × ${height} could not be read (${cause}).`,
        { cause, details: { width, height } },
      );
    });
    yield { y, rows, data, stride: 4 };
  }
}
