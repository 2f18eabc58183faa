import { NearsideError } from '@nearside/core';
import * as v from 'valibot';
import { DECODE_DEFAULTS } from '../image/decode-image.js';
import type { Image } from '../image/image.js';
import { RESAMPLE_FILTERS } from '../image/resampling-windows.js';
import { resize, resizeStrips } from '../image/resize.js';
import { SideSchema, type Size, TargetSizeSchema, targetSize } from '../image/target-size.js';
import {
  type Call,
  type CompileSource,
  defineStep,
  type Item,
  type Kind,
  Misfit,
} from '../step.js';
import { traceOfResize } from '../trace.js';

const ResizeSchema = v.strictObject({
  size: TargetSizeSchema,
  ensure_multiple_of: v.optional(SideSchema),
  resample: v.picklist(RESAMPLE_FILTERS),
  antialias: v.optional(v.boolean()),
  align_corners: v.optional(v.boolean()),
});

export type AntialiasedResize = v.InferOutput<typeof ResizeSchema>;

/** How the step that comes next resizes, where every pixel counts: what is read of a picture then is each row, once. */
export function antialiasedResize({
  next,
}: Pick<CompileSource<Kind>, 'next'>): AntialiasedResize | undefined {
  if (next?.step !== 'resize') return undefined;
  const resize = next.parameters as AntialiasedResize;
  return resize.resample !== 0 && resize.antialias !== false ? resize : undefined;
}

/**
 * To the size that {@link targetSize} says; with antialiasing as Pillow's `Image.resize`, without as OpenCV and torch
 * ({@link resize}).
 */
export const resizeStep = defineStep({
  name: 'resize',
  parameters: ResizeSchema,
  takes: 'image',
  gives: 'image',
  form(image, { size, ensure_multiple_of, resample, antialias = true, align_corners }) {
    if (!antialias && resample !== 0 && resample !== 2) {
      throw new Misfit('resample 0 or 2 without antialiasing', `${resample}`);
    }
    if (align_corners && (antialias || resample !== 2)) {
      throw new Misfit('resample 2 without antialiasing, to align corners', `${resample}`);
    }
    const { width, height } = image;
    if (width !== undefined && height !== undefined) {
      return { ...image, ...targetSize(size, { width, height }, ensure_multiple_of) };
    }
    if (!('height' in size)) return { ...image, width: undefined, height: undefined };
    const from = { width: 1, height: 1 }; // whatever it is
    const known: Size = targetSize(size, from, ensure_multiple_of);
    return { ...image, height: known.height, width: 'width' in size ? known.width : undefined };
  },
  compile:
    ({ size, ensure_multiple_of, resample, antialias, align_corners }, { maxPixels }) =>
    () =>
    (items, call) => {
      const alignCorners = align_corners;
      const optionsFor = (value: Image) => {
        const target = targetSize(size, value.full ?? value, ensure_multiple_of);
        requirePixels(target, maxPixels);
        return { ...target, resample, antialias, alignCorners };
      };
      const made = ({ value, trace }: Item<'image'>, resized: Image): Item<'image'> => {
        observeBytes(resized, call);
        const { width, height } = resized;
        return {
          value: resized,
          trace: traceOfResize(trace, value, { width, height, alignCorners }),
        };
      };
      if (!items.some(({ value }) => value.strips)) {
        return items.map((item) => made(item, resize(item.value, optionsFor(item.value))));
      }
      return Promise.all(
        items.map(async (item) =>
          made(item, await resizeStrips(item.value, optionsFor(item.value))),
        ),
      );
    },
});

/**
 * A given edge, or a multiple of one, can make more pixels of a long strip than any picture may have.
 *
 * @throws NearsideError `input-too-large`
 */
export function requirePixels(
  { width, height }: Size,
  most: number = DECODE_DEFAULTS.maxPixels,
  becomes: 'resized' | 'padded' = 'resized',
): void {
  if (width * height <= most) return;
  throw new NearsideError(
    'input-too-large',
    `Expected a picture that is ${becomes} to at most ${most} pixels, got ${width} × ${height}.`,
    { details: { width, height, maxPixels: most } },
  );
}

/** Values that are looked at, about. */
const SAMPLED = 4096;

/**
 * Notes how bright a picture of 8 bits is and how much its values differ: their mean and their standard deviation,
 * each ÷ 255, over values at equal distances.
 */
export function observeBytes({ data }: Image, { observe }: Pick<Call, 'observe'>): void {
  if (data instanceof Float32Array) return;
  let sum = 0;
  let squares = 0;
  const stride = Math.max(1, Math.floor(data.length / SAMPLED));
  for (let i = 0; i < data.length; i += stride) {
    const value = data[i] as number;
    sum += value;
    squares += value * value;
  }
  const count = Math.ceil(data.length / stride);
  const mean = sum / count;
  observe('brightness', mean / 255);
  observe('contrast', Math.sqrt(Math.max(0, squares / count - mean * mean)) / 255);
}
