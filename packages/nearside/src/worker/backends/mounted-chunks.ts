import { type ChunkedFile, freeBytes, readChunks } from '@nearside/artifact';

type Bytes = Uint8Array<ArrayBuffer>;

/** A file as ONNX Runtime takes it. */
export interface MountedFile {
  /** Has the size of the whole file, and its ranges; nothing else of it is right. */
  readonly data: Bytes | Blob;
  /** True once a range was asked for whose chunk was freed before: what was loaded then is to be loaded anew. */
  readonly wasReadAgain: boolean;
  /** Why a chunk could not be read that was asked for. */
  readonly failure?: { readonly error: unknown } | undefined;
  /** Frees what is left. */
  free(): void;
}

/** @param frees a chunk goes as soon as all of it was read */
export type MountFile = (file: ChunkedFile<Bytes>, frees: boolean) => Promise<MountedFile>;

/**
 * Makes chunks pass for the bytes that they make together. ONNX Runtime on wasm reads a range by calling `subarray` of
 * what it was given, and has copied it when it asks for another (`onnx-wasm.browser.test.ts`).
 */
export const mountChunks: MountFile = async (file, frees) => {
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
    data: Object.defineProperties(new Uint8Array(), {
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
};
