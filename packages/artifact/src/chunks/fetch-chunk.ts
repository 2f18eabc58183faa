import { isNearsideError } from '@nearside/core';
import { LIMITS } from '../limits.js';
import type { RepositorySource } from '../network/repository-source.js';
import { chunkPath } from '../repository-paths.js';
import type { VerifiedBytes } from '../verified-bytes.js';
import { maxBodyBytes, verifyChunkBody } from './chunk-body.js';
import type { ChunkRequest } from './chunk-request.js';

/**
 * Fetches one chunk from any of several sources of the same repository. A source that sends wrong
 * bytes, or nothing in time, is not asked again; one that fails in passing is, after a pause.
 *
 * @throws NearsideError `digest-mismatch` or `size-mismatch` when a source sent wrong bytes and no
 *   other the right ones; else a network code
 */
export async function fetchChunk(
  sources: readonly RepositorySource[],
  request: ChunkRequest,
  signal?: AbortSignal,
): Promise<VerifiedBytes> {
  const failures: unknown[] = [];
  let candidates = rotated(sources, request.sha256);
  for (let round = 0; round < LIMITS.fetchRounds && candidates.length > 0; round += 1) {
    if (round > 0) await pause(Math.random() * LIMITS.pauseMs * 2 ** (round - 1), signal);
    const again: RepositorySource[] = [];
    for (const source of candidates) {
      try {
        return await fetchFrom(source, request);
      } catch (error) {
        if (signal?.aborted || !isNearsideError(error)) throw error;
        failures.push(error);
        if (error.code === 'network-failed' && error.retryable) again.push(source);
      }
    }
    candidates = again;
  }
  throw failures.find(isIntegrityError) ?? failures[0];
}

export function isIntegrityError(error: unknown): boolean {
  return isNearsideError(error) && /^(?:digest|size)-mismatch$/.test(error.code);
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

async function pause(durationMs: number, signal?: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, durationMs);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
