import { pairChunks, variantFiles } from '@nearside/artifact';
import type { Chunk, Variant } from '@nearside/core';
import type { OnProgress } from '../../files/slices.js';
import type { VersionContent } from '../reading/version-content.js';
import { makeDelta } from './make-delta.js';

/** Bytes of a version's files on the network, without signed metadata. */
export interface UpdateWeight {
  /** For a device that has nothing. */
  readonly fullBytes: number;
  /** For a device that has the older version and reuses its chunks. */
  readonly updateBytes: number;
  /** For such a device with every delta that is smaller than its chunk. */
  readonly deltaBytes: number;
}

/** A delta between two versions that is worth it. */
export interface UpdateDelta {
  readonly sha256: string;
  readonly fromSha256: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * Makes every delta that is worth it between two versions, one at a time, because models may be larger than memory.
 */
export async function* makeDeltas(
  newer: VersionContent,
  older: VersionContent,
  onProgress: OnProgress,
): AsyncGenerator<UpdateDelta> {
  const newerChunks = indexChunks([...newer.files.values()].flat());
  const olderChunks = indexChunks([...older.files.values()].flat());
  const pairs = [...pairChunks(newer.layout, older.layout).values()];
  const totalBytes = pairs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  let doneBytes = 0;
  for (const { sha256, fromSha256, sizeBytes } of pairs) {
    const chunk = newerChunks.get(sha256);
    const from = olderChunks.get(fromSha256);
    if (!chunk || !from) continue;
    const bytes = await makeDelta(
      await newer.readChunk(chunk),
      await older.readChunk(from),
      storedBytesOf(chunk),
    );
    if (bytes) yield { sha256, fromSha256, bytes };
    doneBytes += sizeBytes;
    onProgress({ doneBytes, totalBytes });
  }
}

/** @param deltas by the SHA-256 of the chunk that each makes: its size, and the chunk it needs */
export function weighUpdate(
  chunks: readonly Chunk[],
  older: readonly Chunk[],
  deltas: ReadonlyMap<string, { readonly fromSha256: string; readonly sizeBytes: number }>,
): UpdateWeight {
  const known = indexChunks(older);
  const weight = { fullBytes: 0, updateBytes: 0, deltaBytes: 0 };
  for (const chunk of indexChunks(chunks).values()) {
    const storedBytes = storedBytesOf(chunk);
    weight.fullBytes += storedBytes;
    if (known.has(chunk[0])) continue;
    const delta = deltas.get(chunk[0]);
    const isUsable = delta !== undefined && known.has(delta.fromSha256);
    weight.updateBytes += storedBytes;
    weight.deltaBytes += isUsable ? delta.sizeBytes : storedBytes;
  }
  return weight;
}

/** The chunks that a device needs to run one variant. */
export function chunksOfVariant(
  { files, spec, golden }: Pick<VersionContent, 'files' | 'spec' | 'golden'>,
  variant: Variant,
): Chunk[] {
  const names = [
    'layout.json',
    'model.json',
    'golden.json',
    ...variantFiles(spec, variant, golden),
  ];
  return names.flatMap((name) => files.get(name) ?? []);
}

export function storedBytesOf([, sizeBytes, gzipBytes]: Chunk): number {
  return gzipBytes ?? sizeBytes;
}

/** Each chunk once, by its SHA-256. */
export function indexChunks(chunks: readonly Chunk[]): Map<string, Chunk> {
  return new Map(chunks.map((chunk) => [chunk[0], chunk]));
}
