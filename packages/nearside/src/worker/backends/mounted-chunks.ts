import { type ChunkedFile, freeBytes, readChunks } from '@nearside/artifact';

type Bytes = Uint8Array<ArrayBuffer>;

/**
 * Has a session loaded from files in chunks, and frees what is left of them then.
 *
 * @param load is given something for each file that passes for it: it has the file's size and its ranges, and nothing
 *   else of it is right
 */
export type LoadFromChunks = <Session>(
  files: readonly ChunkedFile<Bytes>[],
  load: (mounted: readonly (Bytes | Blob)[]) => Promise<Session>,
) => Promise<Session>;

/**
 * Frees each chunk as soon as all of it was read. A model that reads a part of a file twice is loaded once more, from
 * chunks that are kept until the end.
 */
export const loadFromMounted: LoadFromChunks = async (files, load) => {
  const freed = await mountAll(files, true);
  try {
    return await load(freed.map(({ bytes }) => bytes));
  } catch (error) {
    if (!freed.some(({ wasReadAgain }) => wasReadAgain)) throw error;
  } finally {
    for (const { free } of freed) free();
  }
  const kept = await mountAll(files, false);
  try {
    return await load(kept.map(({ bytes }) => bytes));
  } finally {
    for (const { free } of kept) free();
  }
};

async function mountAll(files: readonly ChunkedFile<Bytes>[], frees: boolean) {
  const mounted: MountedFile[] = [];
  for (const file of files) mounted.push(await mountChunks(file, frees));
  return mounted;
}

interface MountedFile {
  readonly bytes: Bytes;
  /** True once a range was asked for whose chunk was freed before. */
  readonly wasReadAgain: boolean;
  /** Frees what is left. */
  free(): void;
}

/**
 * Makes chunks pass for the bytes that they make together. ONNX Runtime on wasm reads a range by calling `subarray` of
 * what it was given, and has copied it when it asks for another (`onnx-wasm.browser.test.ts`).
 *
 * @param frees a chunk goes as soon as all of it was read
 */
async function mountChunks(file: ChunkedFile<Bytes>, frees: boolean): Promise<MountedFile> {
  const given = await readChunks(file);
  const chunks: (Bytes | undefined)[] = [...given];
  const unread = given.map(({ length }) => length);
  const starts: number[] = [];
  let sizeBytes = 0;
  for (const { length } of given) {
    starts.push(sizeBytes);
    sizeBytes += length;
  }
  let wasReadAgain = false;
  let copied: Bytes[] = [];

  function freeCopied(): void {
    if (copied.length > 0) freeBytes(copied);
    copied = [];
  }

  /** The part of a range that lies in a chunk. */
  function pieceOf(index: number, from: number, to: number): Bytes {
    const start = starts[index] ?? 0;
    const chunk = chunks[index];
    if (!chunk) {
      wasReadAgain = true;
      throw new RangeError(`expected each range to be read once, got ${from} to ${to} again`);
    }
    const piece = chunk.subarray(Math.max(0, from - start), to - start);
    unread[index] = (unread[index] ?? 0) - piece.length;
    if (frees && unread[index] <= 0) {
      chunks[index] = undefined;
      copied.push(chunk);
    }
    return piece;
  }

  function subarray(from: number, to: number): Bytes {
    freeCopied();
    const first = starts.findLastIndex((start) => start <= from);
    if (to <= (starts[first + 1] ?? sizeBytes)) return pieceOf(first, from, to);
    const range = new Uint8Array(to - from);
    for (let index = first; (starts[index] ?? to) < to; index += 1) {
      range.set(pieceOf(index, from, to), Math.max(0, (starts[index] ?? 0) - from));
      freeCopied();
    }
    copied.push(range);
    return range;
  }

  return {
    bytes: Object.defineProperties(new Uint8Array(), {
      byteLength: { value: sizeBytes },
      subarray: { value: subarray },
    }),
    get wasReadAgain() {
      return wasReadAgain;
    },
    free() {
      freeCopied();
      freeBytes(chunks.filter((chunk) => chunk !== undefined));
      chunks.fill(undefined);
    },
  };
}
