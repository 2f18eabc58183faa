import type { FoundBox } from '../found.js';
import type { Size } from '../image/target-size.js';
import { connectedRegions } from './connected-regions.js';
import { growBox } from './grow-box.js';
import { joinLines } from './join-lines.js';
import { scoreBox } from './score-box.js';
import { distance, type Rectangle, smallestRectangle } from './smallest-rectangle.js';

export interface TextBoxesOptions {
  /** Values above it are text. */
  readonly threshold: number;
  /** A box whose mean is less is none. */
  readonly box_threshold: number;
  /** By how much a found box grows: area · ratio / perimeter. */
  readonly unclip_ratio: number;
  /** Only so many regions are looked at, the largest. */
  readonly max_candidates: number;
  /** Least length of the shorter side before growing, in pixels of the map; two more after it. */
  readonly min_size: number;
}

/** A region of text. */
interface Part {
  readonly tight: Rectangle;
  /** In pixels, and less than the rectangle's where the region bends. */
  readonly area: number;
  readonly score: number;
}

/**
 * A map of how likely each pixel is text → boxes around it, turned as the text is, in pixels of the map: the
 * post-processing of Differentiable Binarization as PP-OCR does it. Regions are outlined from outside: a hole is no
 * region of its own. Boxes that are parts of one line become one ({@link joinLines}).
 *
 * @param map [height, width], 0 to 1
 * @returns from top to bottom by the first pixel of each
 */
export function textBoxes(
  map: ArrayLike<number>,
  { width, height }: Size,
  options: TextBoxesOptions,
): FoundBox[] {
  const { threshold, box_threshold, unclip_ratio, max_candidates, min_size } = options;
  const regions = connectedRegions(map, { width, height, threshold });
  const parts: (Part & { readonly grown: Rectangle })[] = [];
  for (const { ends, pixels } of largest(regions, max_candidates)) {
    const tight = smallestRectangle(ends);
    if (Math.min(...tight.sides) < min_size) continue;
    const score = scoreBox(map, { width, height }, tight.corners);
    if (score < box_threshold) continue;
    const part = { tight, area: Math.min(pixels, tight.sides[0] * tight.sides[1]), score };
    const grown = smallestRectangle(outlineAround([part], tight, unclip_ratio));
    if (Math.min(...grown.sides) >= min_size + 2) parts.push({ ...part, grown });
  }
  const lines = joinLines(parts.map(({ grown }) => grown.corners));
  return lines.map((places) => joined(places.map((i) => parts[i] as (typeof parts)[number])));

  function joined(line: typeof parts): FoundBox {
    const [first] = line;
    if (line.length === 1 && first) return { points: first.grown.corners, score: first.score };
    const tight = smallestRectangle(line.flatMap((part) => part.tight.corners));
    const { corners } = smallestRectangle([
      ...outlineAround(line, tight, unclip_ratio),
      ...line.flatMap(({ grown }) => grown.corners),
    ]);
    return { points: corners, score: Math.min(...line.map(({ score }) => score)) };
  }
}

/**
 * The rectangle around the parts of a line, grown: the models of PP-OCR are trained on boxes shrunk by
 * area · (1 − r²) / perimeter (Liao et al., Real-time Scene Text Detection with Differentiable Binarization, AAAI 2020),
 * which area · ratio / perimeter undoes. A gap counts as if it were as thick as the parts.
 */
function outlineAround(parts: readonly Part[], { corners, sides }: Rectangle, ratio: number) {
  const area = sum(parts.map((part) => part.area));
  const length = sum(parts.map(({ tight }) => Math.max(...tight.sides)));
  const perimeter = 2 * sum(sides);
  return growBox(corners, ((area / length) * Math.max(...sides) * ratio) / perimeter);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function largest<Region extends { readonly pixels: number }>(
  regions: readonly Region[],
  count: number,
): readonly Region[] {
  if (regions.length <= count) return regions;
  const kept = new Set([...regions].sort((a, b) => b.pixels - a.pixels).slice(0, count));
  return regions.filter((region) => kept.has(region));
}

/** PP-OCR leaves out boxes with a side of three pixels or less. */
export function isReadable([a, b, , d]: FoundBox['points']): boolean {
  return Math.trunc(distance(a, b)) > 3 && Math.trunc(distance(a, d)) > 3;
}
