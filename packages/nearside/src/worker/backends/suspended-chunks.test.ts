import type { ChunkedFile } from '@nearside/artifact';
import { expect, test } from 'vitest';
import { loadFromSuspended } from './suspended-chunks.js';

type Bytes = Uint8Array<ArrayBuffer>;

/** 0 to 9, in chunks. */
function file(read = async (index: number) => new Uint8Array(CHUNKS[index] ?? [])) {
  const chunkBytes = CHUNKS.map(({ length }) => length);
  return { chunkBytes, read } as unknown as ChunkedFile<Bytes>;
}

const CHUNKS = [
  [0, 1, 2, 3],
  [4, 5, 6, 7],
  [8, 9],
];

/** As ONNX Runtime reads a range: each piece is copied before it asks for the next. */
async function readRange(mounted: Bytes | Blob | undefined, from: number, to: number) {
  const copied: number[] = [];
  for await (const piece of (mounted as Blob).slice(from, to).stream()) copied.push(...piece);
  return copied;
}

test.each([
  ['in one chunk', 1, 3, [1, 2]],
  ['over borders of chunks', 2, 10, [2, 3, 4, 5, 6, 7, 8, 9]],
  ['without bytes', 4, 4, []],
  ['past the end of its file', 7, 20, [7, 8, 9]],
])('a range %s is read as far as there is anything', async (_where, from, to, bytes) => {
  const read = loadFromSuspended([file()], async ([mounted]) => readRange(mounted, from, to));
  expect(await read).toEqual(bytes);
});

test('where a chunk cannot be read, loading says why, whatever the runtime makes of it', async () => {
  const damaged = file(() => Promise.reject(new Error('another hash')));
  const load = loadFromSuspended([file(), damaged], async ([whole, mounted]) => {
    await readRange(whole, 0, 10);
    if ((await readRange(mounted, 0, 10)).length < 10) throw new Error('too short');
  });
  await expect(load).rejects.toThrow('another hash');
});
