import fc from 'fast-check';
import { expect, test } from 'vitest';
import { binOf, type Distribution, parseBaseline } from './baseline.js';

const numbers = { name: 'confidence', kind: 'score', edges: [0, 0.5, 1], counts: [1, 2] } as const;
const labels = {
  name: 'class',
  kind: 'output',
  labels: ['cat', 'dog'],
  counts: [1, 1, 1],
} as const;
const whole = (...distributions: object[]) => ({ format: 2, n: 3, distributions });

test('a bin holds its lower edge; the last one its upper edge too, and what lies beyond', () => {
  const bins = [-1, 0, 0.49, 0.5, 1, 7].map((value) => binOf(numbers as never, value));
  expect(bins).toEqual([0, 0, 0, 1, 1, 1]);
});

test('a label has a bin of its own, and all others have one together', () => {
  expect(['cat', 'dog', 'owl'].map((label) => binOf(labels as never, label))).toEqual([0, 1, 2]);
});

test('every number is in a bin that there is, and no smaller number is in a later one', () => {
  const edges = fc
    .uniqueArray(fc.double({ noNaN: true, noDefaultInfinity: true }), {
      minLength: 2,
      maxLength: 33,
    })
    .map((list) => list.sort((a, b) => a - b));
  fc.assert(
    fc.property(edges, fc.double({ noNaN: true }), fc.double({ noNaN: true }), (edges, a, b) => {
      const bins = [Math.min(a, b), Math.max(a, b)].map((value) =>
        binOf({ ...numbers, edges, counts: [] } as Distribution, value),
      );
      expect(bins[0]).toBeLessThanOrEqual(bins[1] as number);
      expect(bins[1]).toBeLessThan(edges.length - 1);
    }),
  );
});

test('what counts nothing, or not all, is refused', () => {
  expect(() => parseBaseline(whole(numbers, labels))).not.toThrow();
  for (const wrong of [
    whole(numbers, numbers),
    whole({ ...numbers, counts: [1] }),
    whole({ ...numbers, edges: [0, 0, 1] }),
    whole({ ...numbers, correct: [1] }),
    whole({ ...labels, counts: [1, 1] }),
    whole({ ...labels, labels: ['cat', 'cat'] }),
    whole({ ...numbers, labels: ['cat'] }),
    whole({ ...numbers, kind: 'feature' }),
    whole(...Array.from({ length: 17 }, (_, i) => ({ ...numbers, name: `${i}` }))),
    { ...whole(), format: 1 },
  ]) {
    expect(() => parseBaseline(wrong)).toThrow(
      expect.objectContaining({ code: 'metadata-malformed' }),
    );
  }
});
