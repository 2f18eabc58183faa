import type { Chunk, Layout } from '@nearside/core';

/** A delta turns an older chunk into a newer one of the same size. Both are named by SHA-256 in hex. */
export interface ChunkDelta {
  readonly sha256: string;
  readonly fromSha256: string;
  readonly sizeBytes: number;
}

/**
 * Finds, for every chunk that is new in `layout`, the chunk of an older version that it replaces. Deltas are made for
 * these pairs, and devices look for them there. Chunks that both versions share divide a file into gaps; within a
 * gap, chunks pair up in order where they have the same size.
 *
 * @returns by hash of the new chunk
 */
export function pairChunks(layout: Layout, older: Layout): Map<string, ChunkDelta> {
  const pairs = new Map<string, ChunkDelta>();
  const known = new Set(
    Object.values(older.files).flatMap((chunks) => chunks.map(([hash]) => hash)),
  );
  for (const [name, chunks] of Object.entries(layout.files)) {
    const before = Object.hasOwn(older.files, name) ? (older.files[name] ?? []) : [];
    for (const [gap, olderGap] of gapsBetween(chunks, before)) {
      for (const [i, [sha256, sizeBytes]] of gap.entries()) {
        const [fromSha256, olderSize] = olderGap[i] ?? [];
        if (fromSha256 === undefined || olderSize !== sizeBytes || known.has(sha256)) continue;
        if (!pairs.has(sha256)) pairs.set(sha256, { sha256, fromSha256, sizeBytes });
      }
    }
  }
  return pairs;
}

/** Runs of chunks between those that both lists hold, in the order of both. */
function* gapsBetween(
  chunks: readonly Chunk[],
  older: readonly Chunk[],
): Generator<[gap: readonly Chunk[], olderGap: readonly Chunk[]]> {
  const positions = positionsByHash(older);
  let start = 0;
  let olderStart = 0;
  for (const [i, [hash]] of chunks.entries()) {
    const match = nextPosition(positions.get(hash), olderStart);
    if (match === undefined) continue;
    yield [chunks.slice(start, i), older.slice(olderStart, match)];
    start = i + 1;
    olderStart = match + 1;
  }
  yield [chunks.slice(start), older.slice(olderStart)];
}

/** Positions are descending, so that those left behind are dropped from the end. */
function positionsByHash(chunks: readonly Chunk[]): Map<string, number[]> {
  const positions = new Map<string, number[]>();
  for (let i = chunks.length - 1; i >= 0; i -= 1) {
    const hash = chunks[i]?.[0] ?? '';
    const known = positions.get(hash);
    if (known) known.push(i);
    else positions.set(hash, [i]);
  }
  return positions;
}

function nextPosition(descending: number[] | undefined, from: number): number | undefined {
  while (descending?.length && (descending.at(-1) ?? 0) < from) descending.pop();
  return descending?.at(-1);
}

/**
 * Bytes of the same significance stand together. The high bytes of a fine-tuned fp32 tensor hardly change, and gzip
 * has one code table for all (one layer of 24: 3.3 % interleaved, 2.9 % in planes).
 */
const PLANES = 4;

/**
 * Bytewise `newer − older` mod 256, in planes of every fourth byte. Unchanged bytes are zeros, which gzip makes
 * small. Both have the same length.
 */
export function subtractBytes(newer: Uint8Array, older: Uint8Array): Uint8Array<ArrayBuffer> {
  const delta = new Uint8Array(newer.length);
  let at = 0;
  for (let plane = 0; plane < PLANES; plane += 1) {
    for (let i = plane; i < newer.length; i += PLANES) {
      delta[at] = (newer[i] ?? 0) - (older[i] ?? 0);
      at += 1;
    }
  }
  return delta;
}

/** The inverse of {@link subtractBytes}. */
export function addBytes(delta: Uint8Array, older: Uint8Array): Uint8Array<ArrayBuffer> {
  const newer = new Uint8Array(delta.length);
  let at = 0;
  for (let plane = 0; plane < PLANES; plane += 1) {
    for (let i = plane; i < newer.length; i += PLANES) {
      newer[i] = (delta[at] ?? 0) + (older[i] ?? 0);
      at += 1;
    }
  }
  return newer;
}
