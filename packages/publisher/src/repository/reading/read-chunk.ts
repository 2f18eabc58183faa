import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { chunkPath, type RepositorySource, verifyBytes } from '@nearside/artifact';
import { type Chunk, NearsideError } from '@nearside/core';

const decompress = promisify(gunzip);

export interface StoredChunk {
  readonly path: string;
  /** As it lies on the server: gzip where that is how it is stored. */
  readonly stored: Uint8Array<ArrayBuffer>;
  /** What hashes to its name. */
  readonly content: Uint8Array<ArrayBuffer>;
}

/**
 * Reads one chunk of a repository and verifies it.
 *
 * @param what names it in messages
 * @throws NearsideError `file-missing`, a network code, `digest-mismatch` or `size-mismatch`
 */
export async function readChunk(
  source: RepositorySource,
  [sha256, sizeBytes, gzipBytes]: Chunk,
  what: string,
): Promise<StoredChunk> {
  const path = chunkPath(sha256, { gzip: gzipBytes !== undefined });
  const stored = await source.fetch(path, {
    maxBytes: gzipBytes ?? sizeBytes,
    tooLarge: 'size-mismatch',
  });
  const content = gzipBytes === undefined ? stored : await unpack(stored, sizeBytes, what);
  return { path, stored, content: await verifyBytes(content, { what, sha256, sizeBytes }) };
}

/** Reads a whole file by its chunks. Throws as {@link readChunk}. */
export async function readChunkedFile(
  source: RepositorySource,
  chunks: readonly Chunk[],
  name: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  for (const chunk of chunks) parts.push((await readChunk(source, chunk, name)).content);
  return new Uint8Array(Buffer.concat(parts));
}

/** Never more than was signed: a small file can hold gigabytes of zeros. */
async function unpack(
  stored: Uint8Array,
  sizeBytes: number,
  what: string,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await decompress(stored, { maxOutputLength: Math.max(1, sizeBytes) }));
  } catch (cause) {
    throw new NearsideError(
      'digest-mismatch',
      `${what}: expected gzip bytes of ${sizeBytes} bytes, got something else. Publish it again.`,
      { cause, details: { what, sizeBytes } },
    );
  }
}
