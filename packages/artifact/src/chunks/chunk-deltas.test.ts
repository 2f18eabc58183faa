import type { Chunk, Layout } from '@nearside/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addBytes, pairChunks, subtractBytes } from './chunk-deltas.js';

function layout(...chunks: [name: string, sizeBytes: number][]): Layout {
  return { format: 1, files: { 'a.onnx': chunks.map(([name, size]): Chunk => [name, size]) } };
}

describe('pairs of chunks', () => {
  test('a changed chunk between two kept ones pairs with the one it replaces', () => {
    const pairs = pairChunks(
      layout(['a', 4], ['new', 8], ['c', 4]),
      layout(['a', 4], ['old', 8], ['c', 4]),
    );
    expect([...pairs.values()]).toEqual([{ sha256: 'new', fromSha256: 'old', sizeBytes: 8 }]);
  });

  test('an inserted chunk pairs with nothing and does not shift the pairs after the next kept one', () => {
    const pairs = pairChunks(
      layout(['inserted', 8], ['b', 4], ['new', 8]),
      layout(['b', 4], ['old', 8]),
    );
    expect([...pairs.keys()]).toEqual(['new']);
  });

  test('chunks of different size, and chunks the older version has anywhere, need no delta', () => {
    expect(pairChunks(layout(['new', 8]), layout(['old', 7])).size).toBe(0);
    expect(pairChunks(layout(['b', 8], ['a', 8]), layout(['a', 8], ['b', 8])).size).toBe(0);
  });
});

test('adding a delta to the older bytes gives the newer ones, for any bytes', () => {
  const pair = fc
    .integer({ min: 0, max: 300 })
    .chain((length) =>
      fc.tuple(
        fc.uint8Array({ minLength: length, maxLength: length }),
        fc.uint8Array({ minLength: length, maxLength: length }),
      ),
    );
  fc.assert(
    fc.property(pair, ([newer, older]) => {
      expect(addBytes(subtractBytes(newer, older), older)).toEqual(newer);
    }),
  );
});
