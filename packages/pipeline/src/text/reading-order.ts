import type { FoundBox, Point } from '../found.js';
import type { Region } from '../image/image.js';

/** A line of text in a picture. */
export interface TextLine {
  /** Upright, around the points, in pixels of the picture given. */
  readonly box: Region;
  /** Clockwise, from what is the upper left corner for whoever reads it. */
  readonly points: FoundBox['points'];
  readonly text: string;
  /** 0 to 1. */
  readonly score: number;
}

export function boxAround(points: readonly Point[]): TextLine['box'] {
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  return { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y };
}

/** The share of the smaller one's length from which two lines overlap, in either direction. */
const OVERLAP = 0.5;

/**
 * Rows from top to bottom, each from left to right. Two lines are in one row when they overlap in height and not in
 * width: of lines that slant, the next one overlaps in both. Of a row that slants, every line counts.
 */
export function inReadingOrder(lines: readonly TextLine[]): TextLine[] {
  const byMiddle = [...lines].sort((a, b) => middleOf(a) - middleOf(b) || a.box.x - b.box.x);
  const rows: TextLine[][] = [];
  for (const line of byMiddle) {
    const row = rows.at(-1);
    if (row?.some((other) => isBeside(other, line))) row.push(line);
    else rows.push([line]);
  }
  return rows.flatMap((row) => row.sort((a, b) => a.box.x - b.box.x));
}

function middleOf({ box }: TextLine): number {
  return box.y + box.height / 2;
}

function isBeside({ box: a }: TextLine, { box: b }: TextLine): boolean {
  const inHeight = overlap([a.y, a.height], [b.y, b.height]);
  return inHeight > OVERLAP && overlap([a.x, a.width], [b.x, b.width]) < OVERLAP;
}

/** The part of the shorter stretch that both share. */
function overlap(
  [a, aLength]: readonly [number, number],
  [b, bLength]: readonly [number, number],
): number {
  return (Math.min(a + aLength, b + bLength) - Math.max(a, b)) / Math.min(aLength, bLength);
}
