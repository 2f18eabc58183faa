import { MAX_CHUNK_BYTES } from '@nearside/core';
import type { ChunkStore } from '../chunks/chunk-store.js';
import { LIMITS } from '../limits.js';
import { parseBootFile } from '../network/boot-file.js';
import { gunzip } from '../network/gunzip.js';
import type { RepositorySource } from '../network/repository-source.js';
import { bootPath } from '../repository-paths.js';
import { verifyBytes } from '../verified-bytes.js';

const CHUNK_PATH = /^chunks\/([0-9a-f]{64})(\.z)?$/;

/**
 * Fetches a model's boot file and stores the chunks in it that hash to their names.
 *
 * @returns path → bytes of all files in it, or undefined when the repository has none
 */
export async function openBootFile(
  source: RepositorySource,
  { model, chunks }: { model: string; chunks: ChunkStore },
): Promise<Map<string, Uint8Array<ArrayBuffer>> | undefined> {
  const raw = await source.fetchIfPresent(bootPath(model), {
    maxBytes: LIMITS.bootBytes,
    cache: 'no-cache',
  });
  if (!raw) return undefined;
  const files = parseBootFile(raw);
  for (const [path, bytes] of files) {
    const [, sha256, gzip] = CHUNK_PATH.exec(path) ?? [];
    if (sha256 === undefined) continue;
    const content = gzip ? await gunzip(bytes, MAX_CHUNK_BYTES) : bytes;
    if (content) await chunks.keep(sha256, await verifyBytes(content, { what: path, sha256 }));
  }
  return files;
}
