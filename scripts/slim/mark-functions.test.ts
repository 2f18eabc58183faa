import { expect, test } from 'vitest';
import { markFunctions, readMarks } from './mark-functions.mjs';
import { TWO_FUNCTIONS } from './testing-module.js';

async function startMarked() {
  const { bytes, marks } = markFunctions(TWO_FUNCTIONS);
  const memory = new WebAssembly.Memory({ initial: 97 });
  const { instance } = await WebAssembly.instantiate(bytes as BufferSource, { a: { a: memory } });
  const { one, two } = instance.exports as { one(): number; two(): number };
  return { one, two, memory, marks };
}

test('a function leaves a mark when it is entered, and computes what it did', async () => {
  const { one, two, memory, marks } = await startMarked();
  expect(readMarks(memory.buffer, marks)).toEqual([]);
  expect(two()).toBe(2);
  expect(readMarks(memory.buffer, marks)).toEqual([1]);
  expect(one()).toBe(1);
  expect(readMarks(memory.buffer, marks)).toEqual([0, 1]);
});

test('marks are refused when something else has written beside them', async () => {
  const { memory, marks } = await startMarked();
  new Uint8Array(memory.buffer)[marks.at + marks.count] = 7;
  expect(() => readMarks(memory.buffer, marks)).toThrow('Expected room around the marks');
});
