import type { FoundBox, Point } from '../found.js';

export type Corners = FoundBox['points'];

export interface Rectangle {
  /** Clockwise, from the upper one on the left. */
  readonly corners: Corners;
  /** Lengths of two sides that meet. */
  readonly sides: readonly [number, number];
}

/**
 * The rectangle of the smallest area around points, turned as need be: one of its sides lies on an edge of their
 * convex hull (Freeman and Shapira, CACM 18(7), 1975). OpenCV's `minAreaRect`.
 */
export function smallestRectangle(points: readonly Point[]): Rectangle {
  const hull = convexHull(points);
  let best: Rectangle | undefined;
  let leastArea = Number.POSITIVE_INFINITY;
  for (const [i, [x, y]] of hull.entries()) {
    const [nextX, nextY] = hull[(i + 1) % hull.length] as Point;
    const length = Math.hypot(nextX - x, nextY - y);
    const along: Point = length === 0 ? [1, 0] : [(nextX - x) / length, (nextY - y) / length];
    const rectangle = rectangleAlong(hull, along);
    const area = rectangle.sides[0] * rectangle.sides[1];
    if (best && area >= leastArea) continue;
    best = rectangle;
    leastArea = area;
  }
  return best ?? rectangleAlong([[0, 0]], [1, 0]);
}

function rectangleAlong(hull: readonly Point[], [ux, uy]: Point): Rectangle {
  let [left, right] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  let [top, bottom] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const [x, y] of hull) {
    const along = x * ux + y * uy;
    const across = y * ux - x * uy;
    left = Math.min(left, along);
    right = Math.max(right, along);
    top = Math.min(top, across);
    bottom = Math.max(bottom, across);
  }
  const corner = (along: number, across: number): Point => [
    along * ux - across * uy,
    along * uy + across * ux,
  ];
  const corners = [
    corner(left, top),
    corner(right, top),
    corner(right, bottom),
    corner(left, bottom),
  ];
  return { corners: fromUpperLeft(corners), sides: [right - left, bottom - top] };
}

/** The two on the left by their height, and those on the right. */
function fromUpperLeft(corners: readonly Point[]): Corners {
  const byX = [...corners].sort((a, b) => a[0] - b[0]);
  const byY = (a: Point, b: Point) => a[1] - b[1];
  const [upperLeft, lowerLeft] = byX.slice(0, 2).sort(byY) as [Point, Point];
  const [upperRight, lowerRight] = byX.slice(2).sort(byY) as [Point, Point];
  return [upperLeft, upperRight, lowerRight, lowerLeft];
}

/** Andrew's monotone chain (Information Processing Letters 9(5), 1979). */
function convexHull(points: readonly Point[]): Point[] {
  const sorted = [...points].sort((a, b) => a[1] - b[1] || a[0] - b[0]);
  if (sorted.length < 3) return sorted;
  const lower = chain(sorted);
  const upper = chain(sorted.reverse());
  return [...lower.slice(0, -1), ...upper.slice(0, -1)];
}

function chain(points: readonly Point[]): Point[] {
  const kept: Point[] = [];
  for (const point of points) {
    while (kept.length > 1 && !isTurn(kept.at(-2) as Point, kept.at(-1) as Point, point))
      kept.pop();
    kept.push(point);
  }
  return kept;
}

function isTurn([ax, ay]: Point, [bx, by]: Point, [cx, cy]: Point): boolean {
  return (bx - ax) * (cy - ay) > (by - ay) * (cx - ax);
}

export function distance([ax, ay]: Point, [bx, by]: Point): number {
  return Math.hypot(bx - ax, by - ay);
}
