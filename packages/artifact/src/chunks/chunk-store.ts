import { isNearsideError, NearsideError, type Store } from '@nearside/core';
import { LIMITS } from '../limits.js';
import { gunzip } from '../network/gunzip.js';
import { isIntegrityError } from '../network/mirrors.js';
import type { RepositorySource } from '../network/repository-source.js';
import { chunkPath, deltaPath } from '../repository-paths.js';
import { type VerifiedBytes, verifyBytes } from '../verified-bytes.js';
import type { ChunkRequest } from './chunk-body.js';
import { addBytes } from './chunk-deltas.js';
import { fetchChunk } from './fetch-chunk.js';

/** Reads chunks by their hash: from the local store where it still holds the right bytes, else from the network. */
export interface ChunkStore {
  /**
   * Reads one chunk, re-hashed on the very buffer that is returned. Stored bytes that no longer
   * match are replaced from the network.
   *
   * @throws NearsideError `digest-mismatch` or `size-mismatch` when stored bytes were changed and
   *   cannot be replaced, or what the server sent does not match; else a network or store code
   */
  read(request: ChunkRequest): Promise<VerifiedBytes>;
  /** The same store, which looks among these files (path → bytes) before it asks the network. */
  withFiles(files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>): ChunkStore;
  /** Hashes of the chunks that the store holds: a hint for progress, not a promise. */
  stored(): Promise<ReadonlySet<string>>;
}

/** `c/`: chunks are shared by all models and repositories, so their keys carry no prefix. */
export const CHUNK_PREFIX = 'c/';

export function chunkKey(sha256: string): string {
  return CHUNK_PREFIX + sha256;
}

export interface ChunkStoreOptions {
  readonly sources: readonly RepositorySource[];
  readonly signal?: AbortSignal | undefined;
  readonly onHealed: (sha256: string) => void;
}

export function createChunkStore(
  store: Store,
  options: ChunkStoreOptions,
  files: ReadonlyMap<string, Uint8Array<ArrayBuffer>> = new Map(),
): ChunkStore {
  const { sources, signal, onHealed } = options;

  async function read(request: ChunkRequest): Promise<VerifiedBytes> {
    const stored = await readStored(store, request);
    if (stored.bytes) return stored.bytes;
    const bytes =
      (await takeFrom(files, request)) ??
      (await fetchDelta(request)) ??
      (await fetchChunk(sources, request, signal).catch((error) => {
        // Without a network, the damage of the stored bytes is the error to report.
        throw stored.damage && !isIntegrityError(error) ? withCause(stored.damage, error) : error;
      }));
    await keep(request.sha256, bytes);
    if (stored.damage) onHealed(request.sha256);
    return bytes;
  }

  /** Adds the difference to the older chunk if both are there. Otherwise the full chunk serves. */
  async function fetchDelta(request: ChunkRequest): Promise<VerifiedBytes | undefined> {
    const { delta, onBytes, gzipBytes } = request;
    const [source] = sources;
    if (!delta || !source) return undefined;
    const { sha256, fromSha256, sizeBytes } = delta;
    const older = await readStored(store, { sha256: fromSha256, what: 'the older chunk' });
    if (older.bytes?.length !== sizeBytes) return undefined;
    try {
      const body = await source.fetchIfPresent(deltaPath(sha256, fromSha256), {
        maxBytes: gzipBytes ?? sizeBytes,
        tooLarge: 'size-mismatch',
        cache: 'no-store',
        onBytes,
      });
      const difference = body && (await gunzip(body, sizeBytes));
      return difference && (await verifyBytes(addBytes(difference, older.bytes), request));
    } catch (error) {
      if (signal?.aborted || !isNearsideError(error)) throw error;
      return undefined;
    }
  }

  async function keep(sha256: string, bytes: VerifiedBytes): Promise<void> {
    const { buffer } = bytes.length === bytes.buffer.byteLength ? bytes : bytes.slice();
    await store.commit({ set: new Map([[chunkKey(sha256), buffer]]) });
  }

  return {
    read,
    withFiles: (given) => createChunkStore(store, options, given),
    async stored() {
      const keys = await store.keys(CHUNK_PREFIX);
      return new Set(keys.map((key) => key.slice(CHUNK_PREFIX.length)));
    },
  };
}

/** Takes a chunk from files that came another way. One that does not match counts as absent. */
async function takeFrom(
  files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>,
  request: ChunkRequest,
): Promise<VerifiedBytes | undefined> {
  const { sha256, sizeBytes = LIMITS.layoutBytes } = request;
  const plain = files.get(chunkPath(sha256, { gzip: false }));
  const packed = files.get(chunkPath(sha256, { gzip: true }));
  const content = plain?.slice() ?? (packed && (await gunzip(packed, sizeBytes)));
  if (!content) return undefined;
  try {
    return await verifyBytes(content, request);
  } catch (error) {
    if (isNearsideError(error)) return undefined;
    throw error;
  }
}

interface Stored {
  readonly bytes?: VerifiedBytes;
  /** The error in the stored bytes, where there are any. */
  readonly damage?: NearsideError;
}

async function readStored(
  store: Store,
  request: Pick<ChunkRequest, 'sha256' | 'what' | 'sizeBytes'>,
): Promise<Stored> {
  const value = await store.get(chunkKey(request.sha256));
  if (value === undefined) return {};
  try {
    const bytes = value instanceof ArrayBuffer ? new Uint8Array(value) : new Uint8Array();
    return { bytes: await verifyBytes(bytes, request) };
  } catch (error) {
    if (isNearsideError(error)) return { damage: error };
    throw error;
  }
}

function withCause(damage: NearsideError, cause: unknown): NearsideError {
  return new NearsideError(
    damage.code,
    `${damage.message} A fresh copy could not be fetched either.`,
    { cause, details: damage.details, retryable: true },
  );
}
