import type { FoundBox, Point } from '../found.js';

/** A line of text in a picture. */
export interface TextLine {
  /** Upright, around the points, in pixels of the picture given. */
  readonly box: {
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  };
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

/** The share of the lower line's height from which two lines stand side by side. */
const SAME_ROW = 0.5;

/**
 * Rows from top to bottom, each from left to right. A line is in the row of another when they overlap by half of the
 * lower one's height; of a row that slants, the last line that joined it counts.
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
  const overlap = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  return overlap > SAME_ROW * Math.min(a.height, b.height);
}
