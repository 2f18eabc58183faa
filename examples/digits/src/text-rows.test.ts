import type { TextLine } from 'nearside';
import { expect, test } from 'vitest';
import { rowsOf } from './text-rows.js';

const RECEIPT: Record<string, readonly [x: number, y: number, width: number, height: number]> = {
  'Corner Bakery': [100, 0, 200, 40],
  '2 Croissants': [0, 80, 180, 30],
  '5.80': [320, 86, 60, 22],
  '1 Rye bread': [0, 130, 160, 30],
  '4.20': [320, 126, 60, 34],
};

test.each([0, -0.3, 0.5, 2])(
  'an item and its price are one row, also of a receipt that is turned by %d radians',
  (angle) => {
    const lines = Object.entries(RECEIPT).map(([text, box]) => lineOf(text, box, angle));
    for (const found of [lines, lines.toReversed()]) {
      expect(rowsOf(found).map((row) => row.map(({ text }) => text))).toEqual([
        ['Corner Bakery'],
        ['2 Croissants', '5.80'],
        ['1 Rye bread', '4.20'],
      ]);
    }
  },
);

function lineOf(
  text: string,
  [x, y, width, height]: readonly [number, number, number, number],
  angle: number,
): TextLine {
  const turned = (atX: number, atY: number) =>
    [
      atX * Math.cos(angle) - atY * Math.sin(angle),
      atX * Math.sin(angle) + atY * Math.cos(angle),
    ] as const;
  const points: TextLine['points'] = [
    turned(x, y),
    turned(x + width, y),
    turned(x + width, y + height),
    turned(x, y + height),
  ];
  return { text, score: 0.9, points, box: { x, y, width, height } };
}
