import type { Tensors } from '@nearside/core';
import type { FoundBox } from './found.js';
import type { Image } from './image/image.js';
import type { Size } from './image/target-size.js';

/** Where in the input an item comes from, for the way back. */
export interface Trace {
  /** The picture given, at its full size. */
  readonly picture?: Image | undefined;
  /**
   * Where a position of the item lies in that picture: `x · scaleX + offsetX`, `y · scaleY + offsetY`. Both are
   * measured from the outer edge of the first pixel.
   */
  readonly toPicture?: Placement | undefined;
  /** An earlier stage found it, and this item is made of it. */
  readonly box?: FoundBox | undefined;
  /** The model was given these. */
  readonly inputs?: Tensors | undefined;
  /** Which part of the sound, or of the stream so far, in ms. */
  readonly span?: { readonly fromMs: number; readonly toMs: number } | undefined;
}

export interface Placement {
  readonly scaleX: number;
  readonly scaleY: number;
  /** In pixels of the picture given. */
  readonly offsetX: number;
  readonly offsetY: number;
}

/** The placement of an item that is the whole picture. */
export const IDENTITY: Placement = { scaleX: 1, scaleY: 1, offsetX: 0, offsetY: 0 };

/** The trace of an input of which nothing is known. */
export const NO_TRACE: Trace = Object.freeze({});

export function traceOfPicture(picture: Image): Trace {
  return { picture, toPicture: IDENTITY };
}

/** After a picture of one size became one of another, stretched to it. */
export function traceOfResize(
  trace: Trace,
  from: Size,
  to: Size & { readonly alignCorners?: boolean | undefined },
): Trace {
  if (!trace.toPicture) return trace;
  const { scaleX, scaleY, offsetX, offsetY } = trace.toPicture;
  const x = stretch(from.width, to.width, to.alignCorners);
  const y = stretch(from.height, to.height, to.alignCorners);
  const toPicture = {
    scaleX: scaleX * x.scale,
    scaleY: scaleY * y.scale,
    offsetX: offsetX + scaleX * x.offset,
    offsetY: offsetY + scaleY * y.offset,
  };
  return { ...trace, toPicture };
}

/** From a position after resizing to one before it; positions are measured from the edge of the outermost pixel. */
function stretch(from: number, to: number, alignCorners = false) {
  if (!alignCorners) return { scale: from / to, offset: 0 };
  const scale = (from - 1) / Math.max(1, to - 1);
  return { scale, offset: (1 - scale) / 2 };
}

/** After an image was put on a larger ground, or cut out with offsets below 0. */
export function traceOfShift(
  trace: Trace,
  { left, top }: { readonly left: number; readonly top: number },
): Trace {
  if (!trace.toPicture) return trace;
  const { scaleX, scaleY, offsetX, offsetY } = trace.toPicture;
  const offset = { offsetX: offsetX - left * scaleX, offsetY: offsetY - top * scaleY };
  return { ...trace, toPicture: { scaleX, scaleY, ...offset } };
}
