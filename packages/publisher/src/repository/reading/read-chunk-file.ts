import {
  chunkPath,
  maxBodyBytes,
  type RepositorySource,
  type VerifiedBytes,
  verifyChunkBody,
} from '@nearside/artifact';
import type { Chunk } from '@nearside/core';

/** A chunk as a file of a repository. */
export interface ChunkFile {
  readonly path: string;
  /** As it came from the server: gzip where that is how it is stored. */
  readonly stored: Uint8Array<ArrayBuffer>;
  /** What hashes to its name. */
  readonly content: VerifiedBytes;
}

/**
 * Reads one chunk of a repository and verifies it as a device does.
 *
 * @param what names it in messages
 * @throws NearsideError `file-missing`, a network code, `digest-mismatch` or `size-mismatch`
 */
export async function readChunkFile(
  source: RepositorySource,
  [sha256, sizeBytes, gzipBytes]: Chunk,
  what: string,
): Promise<ChunkFile> {
  const chunk = { sha256, sizeBytes, gzipBytes, what };
  const path = chunkPath(sha256, { gzip: gzipBytes !== undefined });
  const stored = await source.fetch(path, {
    maxBytes: maxBodyBytes(chunk),
    tooLarge: 'size-mismatch',
  });
  return { path, stored, content: await verifyChunkBody(stored, chunk) };
}
