import type { FoundBox, Point } from '../found.js';
import type { Size } from '../image/target-size.js';
import { connectedRegions } from './connected-regions.js';
import { growBox } from './grow-box.js';
import { scoreBox } from './score-box.js';
import { smallestRectangle } from './smallest-rectangle.js';

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

/**
 * A map of how likely each pixel is text → boxes around it, turned as the text is, in pixels of the map: the
 * post-processing of Differentiable Binarization as PP-OCR does it. Regions are outlined from outside: a hole is no
 * region of its own.
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
  const boxes: FoundBox[] = [];
  for (const { ends } of largest(regions, max_candidates)) {
    const tight = smallestRectangle(ends);
    if (Math.min(...tight.sides) < min_size) continue;
    const score = scoreBox(map, { width, height }, tight.corners);
    if (score < box_threshold) continue;
    const { corners, sides } = smallestRectangle(growBox(tight, unclip_ratio));
    if (Math.min(...sides) < min_size + 2) continue;
    boxes.push({ points: corners, score });
  }
  return boxes;
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

export function distance([ax, ay]: Point, [bx, by]: Point): number {
  return Math.hypot(bx - ax, by - ay);
}
