import { expect, test } from 'vitest';
import { standingMarks } from './kills/hear-marks.mjs';

/** Steps of one mark in a row. */
function steps(...all: string[]) {
  return all.map((one) => {
    const [step, phase] = one.split(' ') as ['stored', string];
    return { key: 'x/m/digits/1', step, phase };
  });
}

test.each([
  [['storing opening', 'stored opening'], ['opening']],
  [['storing opening'], [undefined, 'opening']],
  [
    ['storing opening', 'storing loading', 'stored opening'],
    ['opening', 'loading'],
  ],
  [
    ['storing opening', 'stored opening', 'storing loading'],
    ['opening', 'loading'],
  ],
  [
    ['storing opening', 'stored opening', 'removing'],
    ['opening', undefined],
  ],
  [['storing opening', 'refused', 'storing loading', 'stored loading'], ['loading']],
])('after %j a page that dies leaves one of %j', (seen, phases) => {
  const [mark] = standingMarks(steps(...seen));
  expect(mark?.may.map((record) => record?.phase)).toEqual(phases);
});

test('a mark that was removed is not left behind, and one of another model is', () => {
  const other = { key: 'x/m/ocr/1', step: 'storing', phase: 'running' } as const;
  const seen = [...steps('storing opening', 'stored opening', 'removing', 'removed'), other];
  expect(standingMarks(seen).map(({ key }) => key)).toEqual(['x/m/ocr/1']);
});
