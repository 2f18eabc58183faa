import type { Point } from '../found.js';
import { rootOf, unite } from './connected-regions.js';
import { type Corners, distance } from './smallest-rectangle.js';

/** How many times as high as wide a box is when its text is taken to run upwards: PP-OCR's. */
const UPRIGHT_RATIO = 1.5;

/** The share of the taller one's height that parts of one line have in common. */
const SHARED_HEIGHT = 0.5;

export function isUpright({ width, height }: { width: number; height: number }): boolean {
  return height / width >= UPRIGHT_RATIO;
}

/**
 * Which boxes are parts of one line: seen along the longer of two, they share more than half of the taller one's
 * height, and less than the lower one's lies between them.
 *
 * @returns places in `boxes`, each once; the lines, and the parts of each, by their first place
 */
export function joinLines(boxes: readonly Corners[]): number[][] {
  const parents = boxes.map((_, i) => i);
  const seen = boxes.map(seenBox);
  for (const [i, one] of seen.entries()) {
    for (let j = 0; j < i; j++) {
      const other = seen[j] as SeenBox;
      if (isNear(one, other) && isOneLine(one, other)) unite(parents, i, j);
    }
  }
  const lines = new Map<number, number[]>();
  for (const i of boxes.keys()) {
    const root = rootOf(parents, i);
    lines.set(root, [...(lines.get(root) ?? []), i]);
  }
  return [...lines.values()];
}

interface SeenBox {
  readonly corners: Corners;
  /** The side that text runs along, as `crop-box` reads it. */
  readonly along: Point;
  readonly length: number;
  readonly middle: Point;
  readonly diagonal: number;
}

function seenBox(corners: Corners): SeenBox {
  const [a, b, c, d] = corners;
  const [width, height] = [distance(a, b), distance(a, d)];
  const isTurned = isUpright({ width, height });
  const [x, y] = isTurned ? d : b;
  return {
    corners,
    along: [x - a[0], y - a[1]],
    length: isTurned ? height : width,
    middle: [(a[0] + c[0]) / 2, (a[1] + c[1]) / 2],
    diagonal: distance(a, c),
  };
}

/** Parts of one line are never this far apart: of most boxes no more has to be known. */
function isNear({ middle: [x, y], diagonal }: SeenBox, other: SeenBox): boolean {
  const apart = Math.abs(x - other.middle[0]) + Math.abs(y - other.middle[1]);
  return apart <= 2 * (diagonal + other.diagonal);
}

function isOneLine(a: SeenBox, b: SeenBox): boolean {
  const {
    along: [x, y],
    length,
  } = a.length >= b.length ? a : b;
  const along: Point = [x / length, y / length];
  const across: Point = [-along[1], along[0]];
  const [top, bottom] = reachOf(a.corners, across);
  const [otherTop, otherBottom] = reachOf(b.corners, across);
  const heights = [bottom - top, otherBottom - otherTop] as const;
  const shared = Math.min(bottom, otherBottom) - Math.max(top, otherTop);
  if (!(shared > SHARED_HEIGHT * Math.max(...heights))) return false;
  const [start, end] = reachOf(a.corners, along);
  const [otherStart, otherEnd] = reachOf(b.corners, along);
  return Math.max(start, otherStart) - Math.min(end, otherEnd) < Math.min(...heights);
}

/** From where to where a box reaches in a direction. */
function reachOf([a, b, c, d]: Corners, direction: Point): [from: number, to: number] {
  const [p, q, r, s] = [at(a, direction), at(b, direction), at(c, direction), at(d, direction)];
  return [Math.min(p, q, r, s), Math.max(p, q, r, s)];
}

function at([x, y]: Point, [directionX, directionY]: Point): number {
  return x * directionX + y * directionY;
}
