import { type ChunkedFile, freeBytes } from '@nearside/artifact';
import { sum } from '@nearside/core';
import type { LoadFromChunks } from './mounted-chunks.js';

type Bytes = Uint8Array<ArrayBuffer>;

/** Throws why a chunk could not be read, in place of what the runtime makes of that. */
export const loadFromSuspended: LoadFromChunks = async (files, load) => {
  const suspended = files.map(suspendChunks);
  try {
    return await load(suspended.map(({ blob }) => blob));
  } catch (error) {
    const { failure } = suspended.find(({ failure }) => failure) ?? {};
    throw failure ? failure.error : error;
  } finally {
    for (const { free } of suspended) free();
  }
};

/**
 * Makes a file in chunks pass for a `Blob`. ONNX Runtime with JSPI waits for the range of each tensor as it loads that one,
 * by `slice(from, to).stream()`: one chunk is in memory at a time, and stays for the tensors beside (`onnx-webgpu.gpu.test.ts`).
 */
function suspendChunks({ chunkBytes, read }: ChunkedFile<Bytes>) {
  const starts = chunkBytes.map((_, index) => sum(chunkBytes.slice(0, index)));
  let last: { readonly index: number; readonly bytes: Bytes } | undefined;
  let failure: { readonly error: unknown } | undefined;

  async function chunkAt(index: number): Promise<Bytes> {
    if (last?.index !== index) {
      free();
      last = { index, bytes: await read(index) };
    }
    return last.bytes;
  }

  function free(): void {
    if (last) freeBytes([last.bytes]);
    last = undefined;
  }

  /** A stream that breaks off ends early: ONNX Runtime writes any other failure to the console. */
  function stream(from: number, to: number): ReadableStream<Bytes> {
    let at = from;
    const pull = async (controller: ReadableStreamDefaultController<Bytes>) => {
      try {
        const index = starts.findLastIndex((start) => start <= at);
        const start = starts[index] ?? 0;
        const piece = (await chunkAt(index)).subarray(at - start, to - start);
        at = piece.length > 0 ? at + piece.length : to; // nothing is behind its end
        controller.enqueue(piece);
      } catch (error) {
        failure ??= { error };
        at = to;
      }
      if (at >= to) controller.close();
    };
    return new ReadableStream({ pull }, { highWaterMark: 0 });
  }

  return {
    blob: Object.defineProperties(new Blob(), {
      size: { value: sum(chunkBytes) },
      slice: { value: (from: number, to: number) => ({ stream: () => stream(from, to) }) },
    }),
    /** Why a chunk could not be read that was asked for. */
    get failure() {
      return failure;
    },
    free,
  };
}
