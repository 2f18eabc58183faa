import fc from 'fast-check';
import { expect, test } from 'vitest';
import { topK } from './top-k.js';

const id2label = { 0: 'zero', 1: 'one', 2: 'two', 3: 'three' };

test('the largest scores come first, with their labels', () => {
  expect(topK(Float32Array.of(0.25, 0.5, 0.125, 0.125), 2, id2label)).toEqual([
    { label: 'one', score: 0.5 },
    { label: 'zero', score: 0.25 },
  ]);
});

test('equal scores stand in the order of their index', () => {
  expect(labels([0.5, 0.25, 0.5, 0.25], 4)).toEqual(['zero', 'two', 'one', 'three']);
});

test('NaN stands after every number, also −∞', () => {
  expect(labels([Number.NaN, Number.NEGATIVE_INFINITY, Number.NaN, 1], 4)).toEqual([
    'three',
    'one',
    'zero',
    'two',
  ]);
});

test('a k above the number of classes gives all of them', () => {
  expect(labels([1, 2], 5)).toEqual(['one', 'zero']);
});

test('an index without a label is its own label', () => {
  expect(topK([0, 1], 1, { 0: 'zero' })).toEqual([{ label: '1', score: 1 }]);
});

test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('a k of %s is refused', (k) => {
  expect(() => topK([1], k, id2label)).toThrow(RangeError);
});

test('for any scores, the k first of the whole order', () => {
  fc.assert(
    fc.property(fc.array(fc.float()), fc.integer({ min: 1, max: 20 }), (scores, k) => {
      const all = topK(scores, scores.length + 1, {});
      expect(topK(scores, k, {})).toEqual(all.slice(0, k));
      expect(all.map(({ label }) => Number(label)).sort((a, b) => a - b)).toEqual([
        ...scores.keys(),
      ]);
    }),
  );
});

function labels(scores: number[], k: number): string[] {
  return topK(scores, k, id2label).map(({ label }) => label);
}
