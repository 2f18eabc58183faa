import type { Size } from './target-size.js';

export type Drawable = ImageBitmap | VideoFrame | OffscreenCanvas | HTMLCanvasElement;

export interface Canvas extends Size {
  readonly context: OffscreenCanvasRenderingContext2D;
  /** An opaque canvas has no alpha, and is black where nothing is drawn. */
  readonly isOpaque: boolean;
}

/** A canvas that is read back, on which what is drawn replaces what was there. */
export function canvasOf(width: number, height: number, alpha: boolean): Canvas {
  const options = { willReadFrequently: true, alpha }; // in main memory
  const context = new OffscreenCanvas(width, height).getContext('2d', options);
  if (context === null) throw new Error('no 2d context');
  context.globalCompositeOperation = 'copy';
  const isOpaque = context.getImageData(0, 0, 1, 1).data[3] === 255;
  return { width, height, context, isOpaque };
}

let exactness: Promise<boolean> | undefined;

/**
 * Chromium's canvases round when they multiply alpha in, Firefox's round up. One product of a quarter tells which it
 * is.
 */
export function multipliesExactly(): Promise<boolean> {
  exactness ??= tryQuarter().catch(() => true); // nothing better is known
  return exactness;
}

async function tryQuarter(): Promise<boolean> {
  const quarter = new ImageData(Uint8ClampedArray.of(1, 1, 1, 64), 1, 1);
  const bitmap = await createImageBitmap(quarter, { premultiplyAlpha: 'none' });
  const { context } = canvasOf(1, 1, false);
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return context.getImageData(0, 0, 1, 1).data[0] === 0;
}
