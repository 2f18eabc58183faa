import { expect, test } from 'vitest';
import { EMPTY_MODULE } from '../../shared/compile-wasm.js';
import { bytesFor } from './given-module.js';

/** Exports a global with a number. */
function moduleOf(number: number): WebAssembly.Module {
  const bytes = [...EMPTY_MODULE, 6, 6, 1, 0x7f, 0, 0x41, number, 11, 7, 5, 1, 1, 0x6e, 3, 0];
  return new WebAssembly.Module(Uint8Array.from(bytes));
}

async function numberIn(bytes: Uint8Array<ArrayBuffer>): Promise<unknown> {
  const { instance, module } = await WebAssembly.instantiate(bytes);
  expect(module).toBeInstanceOf(WebAssembly.Module);
  return (instance.exports.n as WebAssembly.Global)?.value;
}

test('whoever instantiates the bytes has an instance of the module', async () => {
  expect(await numberIn(bytesFor(moduleOf(7)))).toBe(7);
});

test('several at a time each have their own, in whatever order they are instantiated', async () => {
  const [first, second, third] = [1, 2, 3].map((number) => bytesFor(moduleOf(number)));
  expect(await numberIn(second as never)).toBe(2);
  expect(await numberIn(first as never)).toBe(1);
  expect(await numberIn(third as never)).toBe(3);
});

test('what else is instantiated meanwhile, an empty module too, is itself', async () => {
  const bytes = bytesFor(moduleOf(5));
  expect(await numberIn(EMPTY_MODULE.slice())).toBeUndefined();
  expect((await WebAssembly.instantiate(moduleOf(6))).exports.n).toHaveProperty('value', 6);
  expect(await numberIn(bytes)).toBe(5);
});

test('the exports can be wrapped', async () => {
  const bytes = bytesFor(moduleOf(5), ({ n }) => ({
    n: { value: (n as { value: number }).value + 1 } as never,
  }));
  expect(await numberIn(bytes)).toBe(6);
});
