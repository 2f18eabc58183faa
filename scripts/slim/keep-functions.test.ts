import { expect, test } from 'vitest';
import { keepFunctions } from './keep-functions.mjs';
import { TWO_FUNCTIONS } from './testing-module.js';

test('a function that was left out traps, and one that stays computes what it did', async () => {
  const bytes = keepFunctions(TWO_FUNCTIONS, [0]);
  const memory = new WebAssembly.Memory({ initial: 97 });
  const { instance } = await WebAssembly.instantiate(bytes as BufferSource, { a: { a: memory } });
  const { one, two } = instance.exports as { one(): number; two(): number };
  expect(one()).toBe(1);
  expect(() => two()).toThrow(WebAssembly.RuntimeError);
});
