import { addBytes, deltaPath, gunzip, pairChunks, type RepositorySource } from '@nearside/artifact';
import { type Chunk, NearsideError } from '@nearside/core';
import { sha256Hex } from '../files/digests.js';
import { ifUsable } from '../repository/reading/read-repository.js';
import { readChunkFile, type VerifiedVersion } from '../repository/reading/read-version.js';
import { collect, type Problem } from './problem.js';

/**
 * Applies every delta that the targets announce. A wrong one does no harm, because the chunk's own hash decides, but
 * devices download it for nothing. An absent delta was not worth it.
 */
export async function verifyDeltas(
  source: RepositorySource,
  versions: readonly VerifiedVersion[],
  problems: Problem[],
): Promise<void> {
  for (const { release, layout } of versions) {
    for (const sequence of release.deltasFrom ?? []) {
      const older = versions.find(
        (version) =>
          version.release.model === release.model && version.release.sequence === sequence,
      );
      if (!older) continue;
      for (const { sha256, fromSha256, sizeBytes } of pairChunks(layout, older.layout).values()) {
        const path = deltaPath(sha256, fromSha256);
        const from = chunksOf(older).find(([hash]) => hash === fromSha256);
        await collect(problems, path, async () => {
          const delta = await source.fetchIfPresent(path, { maxBytes: sizeBytes });
          if (!delta || !from) return;
          // An error in the older chunk is a problem of its version.
          const base = await ifUsable(() => readChunkFile(source, from, from[0]));
          if (base) await requireGives(path, delta, base.content, sha256);
        });
      }
    }
  }
}

function chunksOf({ layout }: VerifiedVersion): Chunk[] {
  return Object.values(layout.files).flat();
}

async function requireGives(
  path: string,
  delta: Uint8Array<ArrayBuffer>,
  base: Uint8Array,
  sha256: string,
): Promise<void> {
  const difference = await gunzip(delta, base.length);
  const got = difference && sha256Hex(addBytes(difference, base));
  if (got === sha256) return;
  throw new NearsideError(
    'digest-mismatch',
    `${path}: expected a delta that gives the chunk ${sha256}, got one that does not. Devices ` +
      'fetch the whole chunk instead. `nearside delta` writes it again.',
    { details: { path, expected: sha256, got } },
  );
}
