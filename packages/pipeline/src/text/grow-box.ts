import type { Point } from '../found.js';
import type { Corners } from './smallest-rectangle.js';

/** How far an arc of straight pieces may lie inside of the round one, in pixels: Clipper's default. */
const ARC_TOLERANCE = 0.25;

/**
 * Points of the outline that lies a distance around a box, with round corners. As Clipper computes with whole numbers,
 * so do we: corners lose their fractions, and points are rounded.
 */
export function growBox(corners: Corners, distance: number): Point[] {
  const whole = corners.map(([x, y]): Point => [Math.trunc(x), Math.trunc(y)]);
  const step = 2 * Math.acos(1 - ARC_TOLERANCE / Math.max(distance, 2 * ARC_TOLERANCE));
  return whole.flatMap(([x, y], i) => {
    const from = directionOf(whole[(i + 3) % 4] as Point, [x, y]) - Math.PI / 2;
    const turn = turnBetween(from, directionOf([x, y], whole[(i + 1) % 4] as Point) - Math.PI / 2);
    const pieces = Math.max(1, Math.round(turn / step));
    return Array.from({ length: pieces + 1 }, (_, piece): Point => {
      const angle = from + (piece === pieces ? turn : piece * step);
      return [
        Math.round(x + distance * Math.cos(angle)),
        Math.round(y + distance * Math.sin(angle)),
      ];
    });
  });
}

function directionOf([fromX, fromY]: Point, [toX, toY]: Point): number {
  return Math.atan2(toY - fromY, toX - fromX);
}

/** Clockwise as seen, where y grows downwards; 0 to 2π. */
function turnBetween(from: number, to: number): number {
  const turn = (to - from) % (2 * Math.PI);
  return turn < 0 ? turn + 2 * Math.PI : turn;
}
