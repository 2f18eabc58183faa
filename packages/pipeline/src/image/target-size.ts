import * as v from 'valibot';

/** In pixels; the widest canvas that every browser draws. */
export const SideSchema = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(16384));

/** Which size an image is brought to, in the forms of Hugging Face's image processors and those that OCR needs. */
export const TargetSizeSchema = v.union([
  v.strictObject({ height: SideSchema, width: SideSchema }),
  v.strictObject({ shortest_edge: SideSchema, longest_edge: v.optional(SideSchema) }),
  v.strictObject({ longest_edge: SideSchema }),
  v.strictObject({ max_height: SideSchema, max_width: SideSchema }),
  v.strictObject({ height: SideSchema, max_width: SideSchema }),
  v.strictObject({ min_shortest_edge: SideSchema, max_longest_edge: SideSchema }),
]);

export type TargetSize = v.InferOutput<typeof TargetSizeSchema>;

export interface Size {
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
}

/**
 * The size that an image of another is resized to, at least one pixel either way.
 *
 * - `{ height, width }`: exactly that
 * - `{ shortest_edge, longest_edge? }`: the shortest edge that long, unless the longest then exceeds its own; as
 *   transformers' `get_resize_output_image_size`, which rounds down
 * - `{ longest_edge }`: the longest edge that long; as Segment Anything, which rounds to the nearest
 * - `{ max_height, max_width }`: as large as fits; as transformers' `get_image_size_for_max_height_width`, rounded down
 * - `{ height, max_width }`: that height, and as wide as the proportions say, rounded up, but not wider; as
 *   PP-OCR's recognition
 * - `{ min_shortest_edge, max_longest_edge }`: as it is, unless its shortest edge is shorter (then enlarged) or its
 *   longest edge longer, which then decides; as PP-OCR's detection, rounded down
 *
 * @param multipleOf both edges become multiples of it, the nearest and at least one (half to even, as Python's `round`)
 */
export function targetSize(wanted: TargetSize, from: Size, multipleOf?: number): Size {
  const { width, height } = proportional(wanted, from);
  return { width: toMultiple(width, multipleOf), height: toMultiple(height, multipleOf) };
}

function proportional(wanted: TargetSize, { width, height }: Size): Size {
  const shortest = Math.min(width, height);
  const longest = Math.max(width, height);
  if ('shortest_edge' in wanted) {
    const { shortest_edge, longest_edge = Number.POSITIVE_INFINITY } = wanted;
    let short: number = shortest_edge;
    let long = Math.floor((shortest_edge * longest) / shortest);
    if (long > longest_edge) {
      short = Math.floor((longest_edge * shortest_edge) / long);
      long = longest_edge;
    }
    return width <= height ? { width: short, height: long } : { width: long, height: short };
  }
  if ('longest_edge' in wanted) {
    const scale = wanted.longest_edge / longest;
    return { width: Math.floor(width * scale + 0.5), height: Math.floor(height * scale + 0.5) };
  }
  if ('max_height' in wanted) {
    const scale = Math.min(wanted.max_height / height, wanted.max_width / width);
    return { width: Math.floor(width * scale), height: Math.floor(height * scale) };
  }
  if ('min_shortest_edge' in wanted) {
    const larger = Math.max(1, wanted.min_shortest_edge / shortest);
    const scale = Math.min(larger, wanted.max_longest_edge / longest);
    return { width: Math.floor(width * scale), height: Math.floor(height * scale) };
  }
  if ('max_width' in wanted) {
    const wide = Math.ceil((wanted.height * width) / height);
    return { width: Math.min(wide, wanted.max_width), height: wanted.height };
  }
  return wanted;
}

function toMultiple(side: number, of = 1): number {
  const below = Math.floor(side / of);
  const rest = side / of - below;
  const isUp = rest > 0.5 || (rest === 0.5 && below % 2 === 1);
  return Math.max(1, below + Number(isUp)) * of;
}
