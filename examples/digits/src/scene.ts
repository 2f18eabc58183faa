import type { Mask } from 'nearside';

/** The background, which is shown where nobody is. */
export type Background =
  /** `strength` is how often the picture is halved: from 1 on. */
  | { readonly kind: 'blur'; readonly strength: number }
  | { readonly kind: 'color'; readonly color: string }
  | { readonly kind: 'dusk' }
  | { readonly kind: 'none' };

/** Larger pictures are shown at this size, pixels of the long side. */
const LONGEST = 1600;
/** The smallest of the pictures that a background is blurred with has a side of so many pixels. */
const SMALLEST = 4;

/** Shows a picture, and then its people alone before a background. */
export function createScene(canvas: HTMLCanvasElement) {
  const shown = contextOf(canvas);
  const picture = contextOf(new OffscreenCanvas(1, 1));
  const people = contextOf(new OffscreenCanvas(1, 1));
  const alpha = contextOf(new OffscreenCanvas(1, 1));
  let isCut = false;

  /** Takes a picture as it is now; the camera's are shown when they are cut. */
  function show(source: ImageBitmap | VideoFrame): void {
    const { width, height } = sizeOf(source);
    resize(picture, width, height);
    picture.drawImage(source, 0, 0, width, height);
    isCut = false;
    if ('displayWidth' in source) return;
    resize(shown, width, height);
    shown.drawImage(picture.canvas, 0, 0);
    source.close();
  }

  function cut(mask: Mask, background: Background): void {
    const { width, height } = picture.canvas;
    resize(alpha, width, height);
    alpha.putImageData(alphaOf(mask, width, height), 0, 0);
    resize(people, width, height);
    combine(people, 'copy', picture.canvas);
    combine(people, 'destination-in', alpha.canvas);
    isCut = true;
    draw(background);
  }

  function draw(background: Background): void {
    if (!isCut) return;
    const { width, height } = picture.canvas;
    resize(shown, width, height);
    shown.clearRect(0, 0, width, height);
    if (background.kind === 'blur')
      drawBlurred(shown, { picture, alpha, strength: background.strength });
    else if (background.kind === 'dusk') fill(shown, duskOver(shown));
    else if (background.kind === 'color') fill(shown, background.color);
    shown.drawImage(people.canvas, 0, 0);
  }

  return { show, cut, draw };
}

/** The share of a mask's pixels that the model is more sure of than not. */
export function shareOf({ data }: Mask): number {
  let count = 0;
  for (const level of data) if (level > 127) count++;
  return count / data.length;
}

type Context = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

function contextOf<Kind extends HTMLCanvasElement | OffscreenCanvas>(canvas: Kind) {
  const context = canvas.getContext('2d') as Context | null;
  if (!context) throw new Error('Expected a canvas that can be drawn on, got none.');
  return context;
}

function resize({ canvas }: Context, width: number, height: number): void {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
}

function sizeOf(source: ImageBitmap | VideoFrame) {
  const width = 'displayWidth' in source ? source.displayWidth : source.width;
  const height = 'displayHeight' in source ? source.displayHeight : source.height;
  const scale = Math.min(1, LONGEST / Math.max(width, height));
  return {
    width: Math.max(1, Math.round(width * scale)),
    height: Math.max(1, Math.round(height * scale)),
  };
}

/** A mask as the opacity of pixels, at another size the nearest ones. */
function alphaOf(mask: Mask, width: number, height: number): ImageData {
  const image = new ImageData(width, height);
  const words = new Uint32Array(image.data.buffer);
  for (let y = 0; y < height; y++) {
    const row = Math.floor(((y + 0.5) * mask.height) / height) * mask.width;
    for (let x = 0; x < width; x++) {
      const place = row + Math.floor(((x + 0.5) * mask.width) / width);
      words[y * width + x] = (mask.data[place] as number) << 24;
    }
  }
  return image;
}

function combine(
  context: Context,
  how: GlobalCompositeOperation,
  source: CanvasImageSource,
  width = context.canvas.width,
  height = context.canvas.height,
): void {
  context.globalCompositeOperation = how;
  context.drawImage(source, 0, 0, width, height);
  context.globalCompositeOperation = 'source-over';
}

/**
 * The background alone, halved again and again, so that colours from around people fill their place: a blur of the whole
 * picture would show a glow of them. Safari has no blur for canvases.
 */
function drawBlurred(
  shown: Context,
  { picture, alpha, strength }: { picture: Context; alpha: Context; strength: number },
): void {
  const { width, height } = shown.canvas;
  let level = contextOf(new OffscreenCanvas(width, height));
  combine(level, 'copy', picture.canvas);
  combine(level, 'destination-out', alpha.canvas);
  const levels: Context[] = [];
  while (Math.min(level.canvas.width, level.canvas.height) > SMALLEST) {
    const next = contextOf(
      new OffscreenCanvas(Math.ceil(level.canvas.width / 2), Math.ceil(level.canvas.height / 2)),
    );
    combine(next, 'copy', level.canvas);
    levels.push(next);
    level = next;
  }
  const finest = Math.min(strength, levels.length) - 1;
  const smooth = levels[finest] as Context;
  for (const coarser of levels.slice(finest + 1)) {
    combine(smooth, 'destination-over', coarser.canvas);
  }
  shown.imageSmoothingQuality = 'high';
  shown.drawImage(smooth.canvas, 0, 0, width, height);
}

function fill(context: Context, style: string | CanvasGradient): void {
  context.fillStyle = style;
  context.fillRect(0, 0, context.canvas.width, context.canvas.height);
}

function duskOver(context: Context): CanvasGradient {
  const dusk = context.createLinearGradient(0, 0, 0, context.canvas.height);
  const colors = ['#1b2a4e', '#4a4a7d', '#a5638c', '#ee8f6c', '#f8c77e'];
  for (const [i, color] of colors.entries()) dusk.addColorStop(i / (colors.length - 1), color);
  return dusk;
}
