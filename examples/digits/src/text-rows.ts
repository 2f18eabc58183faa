import type { TextLine } from 'nearside';

/** From this share of the lower line's height on, two lines stand in one row. */
const OVERLAP = 0.5;

/** A line's place along the direction in which the page is written, and across it, in pixels. */
interface Placed {
  readonly line: TextLine;
  readonly along: Stretch;
  readonly across: Stretch;
}

type Stretch = readonly [from: number, to: number];

/**
 * Lines that stand at one height of the picture are one row, as an item and its price are, from left to right. Heights are
 * measured across the direction in which most of the text is written: a receipt may lie askew.
 */
export function rowsOf(lines: readonly TextLine[]): TextLine[][] {
  const direction = directionOf(lines);
  const placed = lines.map((line) => placeOf(line, direction));
  placed.sort((a, b) => middleOf(a.across) - middleOf(b.across));
  const rows: Placed[][] = [];
  for (const one of placed) {
    const row = rows.at(-1);
    if (row?.some((other) => isBeside(other, one))) row.push(one);
    else rows.push([one]);
  }
  return rows.map((row) => row.sort((a, b) => a.along[0] - b.along[0]).map(({ line }) => line));
}

/** Upper edges, added: long lines tell it better than short ones. Radians. */
function directionOf(lines: readonly TextLine[]): number {
  let [x, y] = [0, 0];
  for (const { points } of lines) {
    const [[fromX, fromY], [toX, toY]] = points;
    x += toX - fromX;
    y += toY - fromY;
  }
  return Math.atan2(y, x);
}

function placeOf(line: TextLine, direction: number): Placed {
  const [cos, sin] = [Math.cos(direction), Math.sin(direction)];
  return {
    line,
    along: stretchOf(line.points.map(([x, y]) => x * cos + y * sin)),
    across: stretchOf(line.points.map(([x, y]) => y * cos - x * sin)),
  };
}

function stretchOf(values: readonly number[]): Stretch {
  return [Math.min(...values), Math.max(...values)];
}

function middleOf([from, to]: Stretch): number {
  return (from + to) / 2;
}

function isBeside(a: Placed, b: Placed): boolean {
  return overlap(a.across, b.across) > OVERLAP && overlap(a.along, b.along) < OVERLAP;
}

/** The part of the shorter stretch that both share; below 0 where they are apart. */
function overlap([aFrom, aTo]: Stretch, [bFrom, bTo]: Stretch): number {
  return (Math.min(aTo, bTo) - Math.max(aFrom, bFrom)) / Math.min(aTo - aFrom, bTo - bFrom);
}
