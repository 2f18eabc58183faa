import type { FoundBox } from './found.js';
import type { Image } from './image/image.js';

/** Where in the input an item comes from, for the way back. */
export interface Trace {
  /** The picture given, at its full size. */
  readonly picture?: Image | undefined;
  /** Where a pixel of the item lies in that picture: `x · scaleX + offsetX`, `y · scaleY + offsetY`. */
  readonly toPicture?: Placement | undefined;
  /** What an earlier stage found, of which this item is made. */
  readonly box?: FoundBox | undefined;
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

/** Of an input of which nothing is known. */
export const NO_TRACE: Trace = Object.freeze({});

export function traceOfPicture(picture: Image): Trace {
  return {
    picture,
    toPicture: { scaleX: 1, scaleY: 1, offsetX: 0, offsetY: 0 },
  };
}

/** After a picture of one size became one of another, stretched to it. */
export function traceOfResize(
  trace: Trace,
  from: { readonly width: number; readonly height: number },
  to: { readonly width: number; readonly height: number },
): Trace {
  if (!trace.toPicture) return trace;
  const { scaleX, scaleY, ...offset } = trace.toPicture;
  const scale = {
    scaleX: (scaleX * from.width) / to.width,
    scaleY: (scaleY * from.height) / to.height,
  };
  return { ...trace, toPicture: { ...scale, ...offset } };
}
