import { expect, test } from 'vitest';
import { summarizeOperators } from './profile-onnx.js';

const run = (conv: number, pool: number) => [
  { name: 'features', operator: 'Conv', ms: conv },
  { name: 'smaller', operator: 'MaxPool', ms: pool },
];

test('each node has its median over the runs and its share, the longest first', () => {
  expect(summarizeOperators([run(1, 6), run(9, 6), run(2, 7)])).toEqual([
    { name: 'smaller', operator: 'MaxPool', medianMs: 6, share: 0.75 },
    { name: 'features', operator: 'Conv', medianMs: 2, share: 0.25 },
  ]);
});

test('without runs there is nothing to tell, and no share of nothing', () => {
  expect(summarizeOperators([])).toEqual([]);
  expect(summarizeOperators([run(0, 0)]).map(({ share }) => share)).toEqual([0, 0]);
});
