import { expect, test } from 'vitest';
import { type GraphPart, parseGraphFile, wholeBytes, writeGraphFile } from './graph-file.js';

const PARTS: GraphPart[] = [
  {
    name: 'onnx/model.onnx',
    kept: Uint8Array.of(1, 10, 2, 3),
    cuts: [
      [1, 5, 'FP32', 0.5, 0.1, 0, 1],
      [2, 3, 'INT8', 7],
    ],
  },
  { name: 'onnx/model.onnx.data', kept: new Uint8Array(), cuts: [[0, 2, 'INT64', 1]] },
];

test('a graph file gives back the parts that it was written with', () => {
  const parts = parseGraphFile(writeGraphFile(PARTS), 'v.graph');
  expect(parts.map(({ kept, ...part }) => ({ ...part, kept: new Uint8Array(kept) }))).toEqual(
    PARTS,
  );
  expect(wholeBytes(parts)).toBe(4 + 5 * 4 + 3 + 2 * 8);
});

test('a graph file that was cut short, or says what it does not hold, is refused', () => {
  const whole = writeGraphFile(PARTS);
  for (const length of [0, 1, 20, whole.length - 1]) {
    expect(() => parseGraphFile(whole.slice(0, length), 'v.graph')).toThrow(
      expect.objectContaining({ code: 'metadata-malformed' }),
    );
  }
  const [first] = PARTS as [GraphPart];
  const wrong = writeGraphFile([{ ...first, cuts: [[5, 1, 'INT8', 0]] }]);
  expect(() => parseGraphFile(wrong, 'v.graph')).toThrow(/expected 5 bytes .* got 4/);
});
