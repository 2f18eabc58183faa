import type { Point } from '../found.js';
import type { Size } from '../image/target-size.js';
import type { Corners } from './smallest-rectangle.js';

/**
 * How sure a map is of a box: the mean of its values within the box and on its edges, whose corners lose their
 * fractions as in PP-OCR's fast mode.
 *
 * @param map [height, width]
 */
export function scoreBox(
  map: ArrayLike<number>,
  { width, height }: Size,
  corners: Corners,
): number {
  const whole = corners.map(([x, y]): Point => [Math.trunc(x), Math.trunc(y)]);
  const rows = whole.map(([, y]) => y);
  let sum = 0;
  let count = 0;
  const last = Math.min(height - 1, Math.max(...rows));
  for (let y = Math.max(0, Math.min(...rows)); y <= last; y++) {
    const [from, to] = spanOfRow(whole, y);
    for (let x = Math.max(0, from); x <= Math.min(width - 1, to); x++) {
      sum += map[y * width + x] as number;
      count++;
    }
  }
  return count === 0 ? 0 : sum / count;
}

/** The first and the last pixel of a convex outline in a row: its edges are drawn as lines one pixel thick. */
function spanOfRow(corners: readonly Point[], y: number): [first: number, last: number] {
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const [i, from] of corners.entries()) {
    const to = corners[(i + 1) % corners.length] as Point;
    if (y < Math.min(from[1], to[1]) || y > Math.max(from[1], to[1])) continue;
    const crossed = crossedPixels(from, to, y);
    first = Math.min(first, ...crossed);
    last = Math.max(last, ...crossed);
  }
  return [first, last];
}

/** The outermost pixels of a row that a line passes: several of a flat line, one of a steep one. */
function crossedPixels([ax, ay]: Point, [bx, by]: Point, y: number): number[] {
  if (ay === by) return [ax, bx];
  const xAt = (row: number) => ax + Math.min(1, Math.max(0, (row - ay) / (by - ay))) * (bx - ax);
  if (Math.abs(bx - ax) <= Math.abs(by - ay)) return [Math.round(xAt(y))];
  const reach = [xAt(y - 0.5), xAt(y + 0.5)];
  return [Math.ceil(Math.min(...reach)), Math.floor(Math.max(...reach))];
}
