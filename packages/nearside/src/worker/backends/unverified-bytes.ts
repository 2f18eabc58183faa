import type { ChunkedFile } from '@nearside/artifact';
import { MAX_CHUNK_BYTES } from '@nearside/core';

declare const unverified: unique symbol;

/**
 * Bytes of a file that somebody handed to the page: nobody vouches for them. Only
 * {@link readUnverified} makes them, for `openUnsigned`; the path of `open` takes `VerifiedBytes`
 * alone, which these are not.
 */
export type UnverifiedBytes = Uint8Array<ArrayBuffer> & { readonly [unverified]: true };

/** Reads a file into a buffer nobody else holds. */
export async function readUnverified(file: Blob): Promise<UnverifiedBytes> {
  return new Uint8Array(await file.arrayBuffer()) as UnverifiedBytes;
}

/** Reads a file in chunks as large as a version's, each into a buffer nobody else holds. */
export function chunkUnverified(file: Blob): ChunkedFile<UnverifiedBytes> {
  const starts = Array.from(
    { length: Math.ceil(file.size / MAX_CHUNK_BYTES) },
    (_, index) => index * MAX_CHUNK_BYTES,
  );
  return {
    chunkBytes: starts.map((start) => Math.min(MAX_CHUNK_BYTES, file.size - start)),
    read: (index) =>
      readUnverified(file.slice(starts[index], (starts[index] ?? 0) + MAX_CHUNK_BYTES)),
  };
}
