import type { Point } from '../found.js';
import type { Size } from '../image/target-size.js';

/** Pixels of a map above a threshold that touch each other, also at corners. */
export interface ConnectedRegion {
  readonly pixels: number;
  /** The ends of its runs, by row and then by column: their convex hull is the region's. */
  readonly ends: readonly Point[];
}

/**
 * Finds the regions of a map, from top to bottom by their first pixel: runs of a row are joined with those that they
 * touch in the row above (union-find), in time that grows with the pixels alone.
 *
 * @param map [height, width]
 */
export function connectedRegions(
  map: ArrayLike<number>,
  { width, height, threshold }: Size & { readonly threshold: number },
): ConnectedRegion[] {
  const rows: number[] = [];
  const starts: number[] = [];
  const ends: number[] = [];
  const parents: number[] = [];
  let above = 0; // first run of the row above
  for (let y = 0; y < height; y++) {
    const first = starts.length;
    let candidate = above;
    for (let x = 0; x < width; x++) {
      if (!((map[y * width + x] as number) > threshold)) continue;
      const start = x;
      while (x + 1 < width && (map[y * width + x + 1] as number) > threshold) x++;
      const run = starts.length;
      rows.push(y);
      starts.push(start);
      ends.push(x);
      parents.push(run);
      while (candidate < first && (ends[candidate] as number) < start - 1) candidate++;
      for (let other = candidate; other < first && (starts[other] as number) <= x + 1; other++) {
        unite(parents, other, run);
      }
    }
    above = first;
  }

  const found = new Map<number, { pixels: number; ends: Point[] }>();
  for (let run = 0; run < starts.length; run++) {
    const root = rootOf(parents, run);
    let region = found.get(root);
    if (!region) {
      region = { pixels: 0, ends: [] };
      found.set(root, region);
    }
    const [start = 0, end = 0, y = 0] = [starts[run], ends[run], rows[run]];
    region.pixels += end - start + 1;
    region.ends.push([start, y]);
    if (end > start) region.ends.push([end, y]);
  }
  return [...found.values()];
}

/** Whom a member of a union-find belongs to. */
export function rootOf(parents: number[], member: number): number {
  let at = member;
  while (parents[at] !== at) {
    parents[at] = parents[parents[at] as number] as number;
    at = parents[at] as number;
  }
  return at;
}

/** The earlier member becomes the root, so that regions come in the order of their first pixels. */
export function unite(parents: number[], one: number, other: number): void {
  const a = rootOf(parents, one);
  const b = rootOf(parents, other);
  parents[Math.max(a, b)] = Math.min(a, b);
}
