import { expect, test } from 'vitest';
import { watchHeap } from './heap-size.js';

const PAGE_BYTES = 65_536;

/** A module that makes a memory of one page and exports it as `m`. */
const WITH_MEMORY = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // \0asm, version 1
  ...[5, 3, 1, 0, 1], // memory section: one, no maximum, one page
  ...[7, 5, 1, 1, 0x6d, 2, 0], // export section: `m` is memory 0
);

const heapBytes = watchHeap();

test('memories that JavaScript makes and those that an instance exports are counted as they grow', async () => {
  const before = heapBytes();
  const memory = new WebAssembly.Memory({ initial: 2 });
  expect(memory).toBeInstanceOf(WebAssembly.Memory);
  expect(heapBytes() - before).toBe(2 * PAGE_BYTES);

  const { instance } = await WebAssembly.instantiate(WITH_MEMORY);
  const module = await WebAssembly.compile(WITH_MEMORY);
  await WebAssembly.instantiate(module);
  new WebAssembly.Instance(module);
  expect(heapBytes() - before).toBe(5 * PAGE_BYTES);

  (instance.exports.m as WebAssembly.Memory).grow(3);
  memory.grow(1);
  expect(heapBytes() - before).toBe(9 * PAGE_BYTES);
});
