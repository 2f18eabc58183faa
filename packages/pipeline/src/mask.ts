import * as v from 'valibot';
import { type Context, Misfit } from './step.js';
import { IDENTITY, type Trace } from './trace.js';

/** 8 bits a pixel: of `mask` 0 to 255 for none to sure, of `argmax` the class. */
export interface Mask {
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
  /** [height, width] */
  readonly data: Uint8Array<ArrayBuffer>;
}

/** Every step that gives a mask has these. */
export const MaskSchema = v.strictObject({
  /** The size of the picture given, by default, or of the map that the model gave. */
  size: v.optional(v.picklist(['picture', 'model']), 'picture'),
});

/** @throws Misfit for a mask of what an earlier stage has cut out, at the size of the picture */
export function requireSize(
  size: v.InferOutput<typeof MaskSchema>['size'],
  { isFirst }: Context,
): void {
  if (size === 'model' || isFirst) return;
  throw new Misfit(
    "a mask of the picture given, in the first stage, or size 'model'",
    'one of a crop',
  );
}

/**
 * A mask of the model's picture → one of the picture given: what was padded is left out, and pixels that were cut off
 * before the model saw them are 0. Between the model's pixels `levels` are bilinear, as OpenCV's and torch's without
 * antialiasing; of `classes` the nearest counts.
 */
export function maskOfPicture(mask: Mask, trace: Trace, kind: 'levels' | 'classes'): Mask {
  const { picture, toPicture: placed = IDENTITY } = trace;
  if (!picture) return mask;
  const { width, height } = picture.full ?? picture;
  const columns = axis(width, mask.width, { scale: placed.scaleX, offset: placed.offsetX });
  const rows = axis(height, mask.height, { scale: placed.scaleY, offset: placed.offsetY });
  const seen = { columns, rows, width };
  const data = new Uint8Array(width * height);
  if (kind === 'levels') bilinear(mask, seen, data);
  else nearest(mask, seen, data);
  return { width, height, data };
}

/** Where each position of a side of the picture lies between two of the mask. */
interface Axis {
  /** From this position of the picture to before that one the model has seen it. */
  readonly from: number;
  readonly to: number;
  /** [side] */
  readonly lower: Uint16Array;
  readonly upper: Uint16Array;
  /** [side]; of the upper one, 0 to 1. */
  readonly weights: Float64Array;
}

function axis(side: number, ofMask: number, { scale, offset }: { scale: number; offset: number }) {
  // Beyond these the mask is of what was padded.
  const first = Math.max(0, Math.round(-offset / scale));
  const last = Math.min(ofMask, Math.round((side - offset) / scale)) - 1;
  const within = (position: number) => Math.min(last, Math.max(first, position));
  const lower = new Uint16Array(side);
  const upper = new Uint16Array(side);
  const weights = new Float64Array(side);
  for (let at = 0; at < side; at++) {
    const position = (at + 0.5 - offset) / scale - 0.5;
    const below = Math.floor(position);
    lower[at] = within(below);
    upper[at] = within(below + 1);
    weights[at] = position - below;
  }
  // A pixel was seen where its centre was.
  const from = Math.max(0, Math.ceil(offset - 0.5));
  const to = Math.min(side, Math.floor(offset + ofMask * scale - 0.5) + 1);
  return { from, to, lower, upper, weights } satisfies Axis;
}

/** Axes of the picture, and its width. */
interface Seen {
  readonly columns: Axis;
  readonly rows: Axis;
  readonly width: number;
}

function bilinear({ data, width }: Mask, { columns, rows, ...picture }: Seen, out: Uint8Array) {
  const between = new Float64Array(width);
  for (let y = rows.from; y < rows.to; y++) {
    const above = (rows.lower[y] as number) * width;
    const below = (rows.upper[y] as number) * width;
    const weight = rows.weights[y] as number;
    for (let x = 0; x < width; x++) {
      const level = data[above + x] as number;
      between[x] = level + ((data[below + x] as number) - level) * weight;
    }
    const { lower, upper, weights, to } = columns;
    const row = y * picture.width;
    for (let x = columns.from; x < to; x++) {
      const level = between[lower[x] as number] as number;
      const next = between[upper[x] as number] as number;
      out[row + x] = level + (next - level) * (weights[x] as number) + 0.5;
    }
  }
}

function nearest({ data, width }: Mask, { columns, rows, ...picture }: Seen, out: Uint8Array) {
  const { from, to } = columns;
  const places = columns.lower.map((lower, x) =>
    (columns.weights[x] as number) < 0.5 ? lower : (columns.upper[x] as number),
  );
  for (let y = rows.from; y < rows.to; y++) {
    const nearer = (rows.weights[y] as number) < 0.5 ? rows.lower : rows.upper;
    const start = (nearer[y] as number) * width;
    const row = y * picture.width;
    for (let x = from; x < to; x++) out[row + x] = data[start + (places[x] as number)] as number;
  }
}
