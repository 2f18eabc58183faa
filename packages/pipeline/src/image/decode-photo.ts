import { type Image, type Strip, stripsOf } from './image.js';

/** A way to decode a file. `undefined` where it does not serve for that file here. */
type Way = () => Promise<Image | undefined>;

/** @param byCanvas serves always */
type DecodePhoto = (byCanvas: () => Promise<Image>, byFrame: Way) => Promise<Image>;

/** How many strips of the first photo are timed and compared. */
const MEASURED_STRIPS = 8;

/**
 * Decodes photos in the way whose pixels are read in less time on this device, which the first one shows: it is decoded
 * in both, and some strips of each are read. They must be the same pixels. Decoding itself differs less from one way to
 * the other than from one time to the next. In Chromium a photo takes half the time by a frame.
 */
export const decodePhoto = photoDecoder();

/** Remembers what its first photo showed. */
export function photoDecoder(): DecodePhoto {
  let isFrameFaster: boolean | undefined;
  let isMeasuring = false;
  return async (byCanvas, byFrame) => {
    if (isFrameFaster !== undefined || isMeasuring) {
      return (isFrameFaster && (await byFrame())) || byCanvas();
    }
    isMeasuring = true;
    try {
      const canvas = await byCanvas();
      const frame = await byFrame().catch(() => undefined);
      isFrameFaster = false;
      if (!frame) return canvas;
      const [canvasRead, frameRead] = [await readSome(canvas), await readSome(frame)];
      const isLess = frameRead.fastestMs < canvasRead.fastestMs;
      isFrameFaster = isLess && areSame(frameRead.strips, canvasRead.strips);
      return isFrameFaster ? frame : canvas;
    } finally {
      isMeasuring = false;
    }
  };
}

/** The first strips, and the time of the fastest: others were held up by something else. */
async function readSome(image: Image) {
  const reader = image.strips?.() ?? stripsOf(image);
  const strips: Uint32Array[] = [];
  let fastestMs = Number.POSITIVE_INFINITY;
  while (strips.length < MEASURED_STRIPS) {
    const startMs = performance.now();
    const { value } = await reader.next();
    if (!value) break;
    fastestMs = Math.min(fastestMs, performance.now() - startMs);
    strips.push(image.strips ? fromBgr(value) : fromRgb(value));
  }
  return { fastestMs, strips };
}

/** Clears the fourth byte of each pixel of a strip, which means nothing. */
function fromRgb({ data: { buffer, byteOffset, length } }: Strip): Uint32Array {
  return new Uint32Array(buffer, byteOffset, length / 4).map((word) => word & 0xffffff);
}

function fromBgr(strip: Strip): Uint32Array {
  return fromRgb(strip).map((word) => ((word & 255) << 16) | (word & 0xff00) | (word >> 16));
}

function areSame(some: readonly Uint32Array[], others: readonly Uint32Array[]): boolean {
  return some.every((words, i) => words.every((word, at) => word === others[i]?.[at]));
}
