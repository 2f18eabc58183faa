import { createFrame, DIGIT_FRAME } from './digit-frame.js';

/** Long side at which a picture is looked at. */
const LOOK_PIXELS = 256;
/** A share of the full range: fainter than this is paper. */
const INK_FLOOR = 0.25;

export interface PreparedPicture {
  /** The input to run. */
  readonly input: Blob | HTMLCanvasElement;
  /** The picture to show; undefined when it is none. */
  readonly shown: ImageBitmap | HTMLCanvasElement | undefined;
}

/**
 * The model reads light digits on dark. A picture like that, and anything that is no picture at
 * all, goes to it as it came; dark ink on light paper is inverted and framed first.
 */
export async function preparePicture(blob: Blob): Promise<PreparedPicture> {
  const bitmap = await createImageBitmap(blob).catch(() => undefined);
  if (!bitmap) return { input: blob, shown: undefined };
  const gray = readGray(bitmap);
  const paper = median(border(gray));
  if (paper < 128) return { input: blob, shown: bitmap };
  const framed = frameInk(invert(gray, paper));
  return { input: framed, shown: framed };
}

/** Row-major, one byte a pixel. */
interface Gray {
  readonly pixels: Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
}

/** The picture on white paper, which shows through where it is transparent. */
function readGray(bitmap: ImageBitmap): Gray {
  const scale = Math.min(1, LOOK_PIXELS / Math.max(bitmap.width, bitmap.height));
  const width = Math.max(1, Math.round(bitmap.width * scale));
  const height = Math.max(1, Math.round(bitmap.height * scale));
  const context = new OffscreenCanvas(width, height).getContext('2d');
  if (!context) throw new Error('Expected a canvas that can be drawn on, got none.');
  context.fillStyle = '#fff';
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  const pixels = new Uint8ClampedArray(width * height);
  for (let i = 0; i < pixels.length; i++) {
    const [red = 0, green = 0, blue = 0] = data.subarray(4 * i, 4 * i + 3);
    pixels[i] = 0.299 * red + 0.587 * green + 0.114 * blue; // ITU-R BT.601
  }
  return { pixels, width, height };
}

function border({ pixels, width, height }: Gray): Uint8ClampedArray {
  return pixels.filter((_, i) => {
    const x = i % width;
    const y = (i - x) / width;
    return x === 0 || y === 0 || x === width - 1 || y === height - 1;
  });
}

function median(values: Uint8ClampedArray): number {
  return values.toSorted()[values.length >> 1] ?? 0;
}

/** Paper becomes 0 and the darkest ink 255; shadows on the paper go. */
function invert({ pixels, width, height }: Gray, paper: number): Gray {
  const darkest = pixels.reduce((least, value) => Math.min(least, value), 255);
  const range = Math.max(1, paper - darkest);
  const inverted = pixels.map((value) => {
    const ink = (paper - value) / range;
    return ink < INK_FLOOR ? 0 : 255 * ink;
  });
  return { pixels: inverted, width, height };
}

/** The ink alone, in the size and place that the model expects. */
function frameInk(ink: Gray): HTMLCanvasElement {
  const { pixels, width, height } = ink;
  let [left, top, right, bottom] = [width, height, 0, 0];
  let [sumX, sumY, sum] = [0, 0, 0];
  pixels.forEach((value, i) => {
    if (value === 0) return;
    const x = i % width;
    const y = (i - x) / width;
    left = Math.min(left, x);
    right = Math.max(right, x + 1);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y + 1);
    sumX += value * (x + 0.5);
    sumY += value * (y + 0.5);
    sum += value;
  });
  const context = createFrame();
  if (sum === 0) return context.canvas;
  const scale = DIGIT_FRAME.inkPixels / Math.max(right - left, bottom - top);
  const middle = DIGIT_FRAME.sidePixels / 2;
  context.imageSmoothingQuality = 'high';
  context.setTransform(
    scale,
    0,
    0,
    scale,
    middle - (scale * sumX) / sum,
    middle - (scale * sumY) / sum,
  );
  context.drawImage(toCanvas(ink), 0, 0);
  return context.canvas;
}

function toCanvas({ pixels, width, height }: Gray): OffscreenCanvas {
  const image = new ImageData(width, height);
  pixels.forEach((value, i) => {
    image.data.set([value, value, value, 255], 4 * i);
  });
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext('2d')?.putImageData(image, 0, 0);
  return canvas;
}
