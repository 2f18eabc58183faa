import { askInRounds } from '../network/mirrors.js';
import type { RepositorySource } from '../network/repository-source.js';
import { chunkPath } from '../repository-paths.js';
import type { VerifiedBytes } from '../verified-bytes.js';
import type { ChunkRequest } from './chunk-body.js';
import { maxBodyBytes, verifyChunkBody } from './chunk-body.js';

/**
 * Fetches one chunk from any of several sources of the same repository. A source that sends wrong bytes, or nothing
 * in time, is not asked again. One that fails in passing is asked again after a pause.
 *
 * @throws NearsideError `digest-mismatch` or `size-mismatch` when a source sent wrong bytes and no other the right
 *   ones; else a network code
 */
export async function fetchChunk(
  sources: readonly RepositorySource[],
  request: ChunkRequest,
  signal?: AbortSignal,
): Promise<VerifiedBytes> {
  return askInRounds(rotated(sources, request.sha256), (source) => fetchFrom(source, request), {
    signal,
    isFinal: ({ code }) => code === 'download-limit',
  });
}

/** Each chunk starts at a mirror of its own, so that all of them share the load. */
function rotated<Item>(items: readonly Item[], sha256: string): Item[] {
  const start = Number.parseInt(sha256.slice(0, 6), 16) % Math.max(1, items.length);
  return [...items.slice(start), ...items.slice(0, start)];
}

async function fetchFrom(source: RepositorySource, request: ChunkRequest): Promise<VerifiedBytes> {
  const body = await source.fetch(
    chunkPath(request.sha256, { gzip: request.gzipBytes !== undefined }),
    {
      maxBytes: maxBodyBytes(request),
      tooLarge: 'size-mismatch',
      cache: 'no-store',
      onBytes: request.onBytes,
    },
  );
  return verifyChunkBody(body, request);
}
