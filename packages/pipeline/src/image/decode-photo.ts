import { type Image, STRIP_PIXELS, type Strip, stripsOf } from './image.js';

/** A way to decode a file. `undefined` where it does not serve for that file here. */
type Way = () => Promise<Image | undefined>;

/** @param byCanvas serves always */
type DecodePhoto = (byCanvas: () => Promise<Image>, byFrame: Way) => Promise<Image>;

/**
 * Decodes photos in the way that takes less time on this device, which the first one shows: it is decoded in both, and
 * two strips of each are read. They must be the same pixels. Chromium takes half the time for a frame.
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
      const frame = await measure(byFrame).catch(() => undefined);
      const canvas = frame && (await measure(byCanvas));
      if (!frame || !canvas) {
        isFrameFaster = false;
        return byCanvas();
      }
      isFrameFaster = frame.ms < canvas.ms && areSame(frame.strips, canvas.strips);
      return isFrameFaster ? frame.image : canvas.image;
    } finally {
      isMeasuring = false;
    }
  };
}

interface Measured {
  readonly image: Image;
  readonly ms: number;
  readonly strips: readonly Uint32Array[];
}

/** What decoding and reading takes, from the second strip on as long as the second. */
async function measure(decode: Way): Promise<Measured | undefined> {
  const startMs = performance.now();
  const image = await decode();
  if (!image) return undefined;
  const decodedMs = performance.now();
  const strips = image.strips?.() ?? stripsOf(image);
  const wordsOf = image.strips ? fromBgr : fromRgb;
  const first = wordsOf(await strips.next());
  const firstMs = performance.now();
  const next = await strips.next();
  const stripMs = performance.now() - firstMs;
  const second = wordsOf(next);
  const ms = decodedMs - startMs + (stripMs * image.width * image.height) / STRIP_PIXELS;
  return { image, ms, strips: [first, second] };
}

/** Of a strip of four bytes a pixel, those that mean something. */
function fromRgb({ value }: IteratorResult<Strip, void>): Uint32Array {
  const { buffer, byteOffset, length } = value?.data ?? new Uint8ClampedArray();
  return new Uint32Array(buffer, byteOffset, length / 4).map((word) => word & 0xffffff);
}

function fromBgr(strip: IteratorResult<Strip, void>): Uint32Array {
  return fromRgb(strip).map((word) => ((word & 255) << 16) | (word & 0xff00) | (word >> 16));
}

function areSame(some: readonly Uint32Array[], others: readonly Uint32Array[]): boolean {
  return some.every((words, i) => words.every((word, at) => word === others[i]?.[at]));
}
