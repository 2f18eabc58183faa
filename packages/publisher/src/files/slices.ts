import { type FileHandle, open } from 'node:fs/promises';
import { MAX_CHUNK_BYTES, NearsideError } from '@nearside/core';

/** Progress of long work, in bytes of the files it goes through. */
export interface Progress {
  readonly doneBytes: number;
  readonly totalBytes: number;
}

export type OnProgress = (progress: Progress) => void;

/**
 * Sizes of the consecutive slices of a file: as few as possible, at most 4 MiB each. An empty file has one empty
 * slice, which can be named and verified.
 */
export function sliceSizes(fileBytes: number): number[] {
  const count = Math.max(1, Math.ceil(fileBytes / MAX_CHUNK_BYTES));
  return Array.from({ length: count }, (_, i) =>
    Math.min(MAX_CHUNK_BYTES, fileBytes - i * MAX_CHUNK_BYTES),
  );
}

/**
 * Reads consecutive slices of a file one at a time, because a model may be larger than memory.
 *
 * @throws NearsideError `size-mismatch` when the file ends before the last slice does
 */
export async function* readSlices(
  path: string,
  sizes: readonly number[],
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const file = await open(path);
  try {
    let offset = 0;
    for (const sizeBytes of sizes) {
      yield await readSlice(file, { path, offset, sizeBytes });
      offset += sizeBytes;
    }
  } finally {
    await file.close();
  }
}

/** Reads one slice of a file. Throws as {@link readSlices}. */
export async function readSliceAt(
  path: string,
  { offset, sizeBytes }: { offset: number; sizeBytes: number },
): Promise<Uint8Array<ArrayBuffer>> {
  const file = await open(path);
  try {
    return await readSlice(file, { path, offset, sizeBytes });
  } finally {
    await file.close();
  }
}

/** Reads one slice of an open file. Throws as {@link readSlices}. */
export async function readSlice(
  file: FileHandle,
  { path, offset, sizeBytes }: { path: string; offset: number; sizeBytes: number },
): Promise<Uint8Array<ArrayBuffer>> {
  const slice = new Uint8Array(sizeBytes);
  let filled = 0;
  while (filled < sizeBytes) {
    const rest = sizeBytes - filled;
    const { bytesRead } = await file.read(slice, filled, rest, offset + filled);
    if (bytesRead === 0) {
      throw new NearsideError(
        'size-mismatch',
        `${path}: expected at least ${offset + sizeBytes} bytes, got ${offset + filled}.`,
        { details: { file: path, expected: offset + sizeBytes, got: offset + filled } },
      );
    }
    filled += bytesRead;
  }
  return slice;
}
