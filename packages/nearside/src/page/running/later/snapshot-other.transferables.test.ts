import { expect, test } from 'vitest';
import { transferablesIn } from './snapshot-other.js';

test('buffers are found wherever they are, each once', () => {
  const buffer = new ArrayBuffer(8);
  const samples = new Float32Array(4);
  const value = {
    a: [buffer, new Uint8Array(buffer, 4)],
    b: { c: { samples } },
    d: 'text',
    e: null,
  };
  expect(transferablesIn(value)).toEqual([buffer, samples.buffer]);
});

test('what is shared or a class of its own is left alone', () => {
  const held = { data: new Float32Array(1) };
  expect(transferablesIn([new SharedArrayBuffer(8), new Map([['a', held]]), new Date()])).toEqual(
    [],
  );
  expect(transferablesIn('text')).toEqual([]);
});

test('a value that contains itself, however often, is walked once', () => {
  const nodes = Array.from({ length: 200 }, () => ({ others: [] as unknown[] }));
  for (const node of nodes) node.others.push(...nodes);
  expect(transferablesIn(nodes)).toEqual([]);
});
