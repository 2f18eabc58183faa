import type { ReleaseCustom } from '@nearside/artifact';
import { type Chunk, type ErrorCode, sum } from '@nearside/core';
import { isOut } from '../repository/checking/release-rules.js';
import { indexChunks, storedBytesOf } from '../repository/deltas/weigh-update.js';
import type { ReadVersion } from '../repository/reading/read-version.js';

export interface InspectedVersion {
  readonly version: string;
  readonly sequence: number;
  readonly state: ReleaseCustom['state'];
  readonly rollout?: ReleaseCustom['rollout'];
  /** A canary or shadow that a newer version ended, so no device runs it any more. */
  readonly isOver: boolean;
  readonly requires: ReleaseCustom['requires'];
  /** Sequence of the version that a revoked one falls back to. */
  readonly fallbackSequence?: number | undefined;
  /** Versions that have deltas to this one, newest first. */
  readonly deltasFrom: readonly string[];
  /** Hint of the key that signed it, and SHA-256 of the bundle. */
  readonly keyHint?: string | undefined;
  readonly manifestSha256: string;
  readonly files: readonly InspectedFile[];
  readonly sizeBytes: number;
  readonly storedBytes: number;
  /** Distinct chunks, and how many of them another version uses too. */
  readonly chunks: number;
  readonly sharedChunks: number;
  /** The version before it, and the stored bytes that both share. */
  readonly previous?: { readonly version: string; readonly sharedBytes: number } | undefined;
  /** Why devices would refuse it. A revoked version without files was pruned. */
  readonly problem?: { readonly code: ErrorCode; readonly message: string } | undefined;
}

export interface InspectedFile {
  readonly name: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly storedBytes: number;
  readonly chunks: number;
  readonly sharedChunks: number;
}

/** By SHA-256 of a chunk: the versions that use it. */
export type ChunkUsers = ReadonlyMap<string, ReadonlySet<ReadVersion>>;

export function indexUsers(versions: readonly ReadVersion[]): ChunkUsers {
  const index = new Map<string, Set<ReadVersion>>();
  for (const version of versions) {
    for (const [sha256] of chunksOf(version)) {
      index.set(sha256, (index.get(sha256) ?? new Set()).add(version));
    }
  }
  return index;
}

/** @param ofModel the versions of its model, newest first */
export function inspectVersion(
  read: ReadVersion,
  ofModel: readonly ReadVersion[],
  users: ChunkUsers,
): InspectedVersion {
  const older = ofModel.slice(ofModel.indexOf(read) + 1);
  const releases = ofModel.map(({ release }) => release);
  const { version, sequence, state, rollout, requires, fallbackSequence, target } = read.release;
  const { deltasFrom = [] } = read.release;
  const common = {
    version,
    sequence,
    state,
    ...(rollout && { rollout }),
    isOver: (state === 'canary' || state === 'shadow') && !isOut(read.release, releases),
    requires,
    ...(fallbackSequence !== undefined && { fallbackSequence }),
    deltasFrom: older
      .filter(({ release }) => deltasFrom.includes(release.sequence))
      .map(({ release }) => release.version),
    manifestSha256: target.hashes.sha256,
  };
  if (!read.ok) {
    const { code, message } = read.problem;
    return { ...common, files: [], ...weigh([], users), problem: { code, message } };
  }
  const { manifest, files } = read;
  return {
    ...common,
    keyHint: manifest.keyHint,
    files: [...files].map(([name, chunks]) => ({
      name,
      sha256: manifest.files.get(name) ?? '',
      ...weigh(chunks, users),
    })),
    ...weigh(chunksOf(read), users),
    previous: older[0] && shareWith(older[0], read),
  };
}

function shareWith(previous: ReadVersion, version: ReadVersion): InspectedVersion['previous'] {
  const known = indexChunks(chunksOf(previous));
  const shared = [...indexChunks(chunksOf(version)).values()].filter(([hash]) => known.has(hash));
  return { version: previous.release.version, sharedBytes: sum(shared.map(storedBytesOf)) };
}

export function chunksOf(version: ReadVersion): Chunk[] {
  return version.ok ? [...version.files.values()].flat() : [];
}

/** Sizes of a file or version. Its bytes count in full, stored bytes and chunks once each. */
function weigh(chunks: readonly Chunk[], users: ChunkUsers) {
  const distinct = [...indexChunks(chunks).values()];
  return {
    sizeBytes: sum(chunks.map(([, sizeBytes]) => sizeBytes)),
    storedBytes: sum(distinct.map(storedBytesOf)),
    chunks: distinct.length,
    sharedChunks: distinct.filter(([sha256]) => (users.get(sha256)?.size ?? 0) > 1).length,
  };
}
