import {
  MODEL_KEYS_FIELD,
  modelNames,
  type RepositorySource,
  releasesOf,
  type TrustedMetadata,
} from '@nearside/artifact';
import type { Chunk, ErrorCode } from '@nearside/core';
import { TUF_ROLES, type TufRole } from './keys/key-files.js';
import { openRepository, requireRepository } from './repository/open-repository.js';
import { type ReadVersion, readVersion } from './repository/read-version.js';

export interface InspectOptions {
  /** Directory or URL of a repository. */
  readonly repository: string;
  readonly now?: () => number;
}

export interface Inspection {
  readonly pin: string;
  /** Root, targets, snapshot, timestamp. */
  readonly roles: readonly InspectedRole[];
  /** Hints of the keys that may sign models. */
  readonly modelKeys: readonly string[];
  readonly models: readonly InspectedModel[];
  /** Distinct chunks of all versions, and what they weigh on the server. */
  readonly chunks: number;
  readonly storedBytes: number;
}

export interface InspectedRole {
  readonly role: TufRole;
  /** Absent while nothing has been published. */
  readonly version?: number | undefined;
  readonly expires?: string | undefined;
  readonly expired: boolean;
  readonly threshold: number;
  readonly keyIds: readonly string[];
}

export interface InspectedModel {
  readonly name: string;
  /** Newest first. */
  readonly versions: readonly InspectedVersion[];
}

export interface InspectedVersion {
  readonly version: string;
  readonly sequence: number;
  readonly state: 'stable' | 'canary' | 'revoked';
  /** Hint of the key that signed it, and SHA-256 of the bundle. */
  readonly keyHint?: string | undefined;
  readonly manifestSha256: string;
  readonly files: readonly InspectedFile[];
  readonly sizeBytes: number;
  readonly storedBytes: number;
  /** Distinct chunks, and how many of them another version uses too. */
  readonly chunks: number;
  readonly sharedChunks: number;
  /** Why devices would refuse it. */
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

/**
 * Reads everything a repository offers, down to each version's layout. The metadata must verify
 * under the repository's own first root; expired metadata, and versions that do not verify, are
 * reported.
 *
 * @throws NearsideError `file-missing`, a network code, or a trust code
 */
export async function inspect({ repository, now = Date.now }: InspectOptions): Promise<Inspection> {
  const source = openRepository(repository);
  const { pin, trusted } = await requireRepository(source, repository);
  const versions = await readVersions(source, trusted);
  const chunks = indexChunks(versions);
  const names = new Set(versions.map(({ release }) => release.model));
  return {
    pin,
    roles: TUF_ROLES.map((role) => inspectRole(role, trusted, now())),
    modelKeys: Object.keys(trusted.root[MODEL_KEYS_FIELD]),
    models: [...names].map((name) => ({
      name,
      versions: versions
        .filter(({ release }) => release.model === name)
        .map((version) => inspectVersion(version, chunks)),
    })),
    chunks: chunks.size,
    storedBytes: sum([...chunks.values()].map(({ storedBytes }) => storedBytes)),
  };
}

/** By model, newest first. */
async function readVersions(
  source: RepositorySource,
  { root, targets }: TrustedMetadata,
): Promise<ReadVersion[]> {
  if (!targets) return [];
  const names = modelNames(targets.signed);
  const releases = [...names].sort().flatMap((name) => releasesOf(targets.signed, name));
  const versions: ReadVersion[] = [];
  for (const release of releases) versions.push(await readVersion(source, root, release));
  return versions;
}

function inspectRole(role: TufRole, trusted: TrustedMetadata, nowMs: number): InspectedRole {
  const { keyids, threshold } = trusted.root.roles[role];
  const signed = role === 'root' ? trusted.root : trusted[role]?.signed;
  return {
    role,
    version: signed?.version,
    expires: signed?.expires,
    expired: signed !== undefined && Date.parse(signed.expires) <= nowMs,
    threshold,
    keyIds: keyids,
  };
}

/** By SHA-256: what a chunk weighs on the server, and the versions that use it. */
type ChunkIndex = ReadonlyMap<string, { storedBytes: number; users: Set<ReadVersion> }>;

function indexChunks(versions: readonly ReadVersion[]): ChunkIndex {
  const index = new Map<string, { storedBytes: number; users: Set<ReadVersion> }>();
  for (const version of versions) {
    for (const chunk of version.ok ? [...version.files.values()].flat() : []) {
      const entry = index.get(chunk[0]) ?? { storedBytes: storedBytesOf(chunk), users: new Set() };
      index.set(chunk[0], { ...entry, users: entry.users.add(version) });
    }
  }
  return index;
}

function inspectVersion(read: ReadVersion, index: ChunkIndex): InspectedVersion {
  const { version, sequence, state, target } = read.release;
  const common = { version, sequence, state, manifestSha256: target.hashes.sha256 };
  if (!read.ok) {
    const { code, message } = read.problem;
    return { ...common, files: [], ...weigh([], index), problem: { code, message } };
  }
  const { manifest, files } = read;
  return {
    ...common,
    keyHint: manifest.keyHint,
    files: [...files].map(([name, chunks]) => ({
      name,
      sha256: manifest.files.get(name) ?? '',
      ...weigh(chunks, index),
    })),
    ...weigh([...files.values()].flat(), index),
  };
}

/** Sizes of a file or version: bytes in full, but stored bytes and chunks each once. */
function weigh(chunks: readonly Chunk[], index: ChunkIndex) {
  const distinct = [...new Map(chunks.map((chunk) => [chunk[0], chunk])).values()];
  return {
    sizeBytes: sum(chunks.map(([, sizeBytes]) => sizeBytes)),
    storedBytes: sum(distinct.map(storedBytesOf)),
    chunks: distinct.length,
    sharedChunks: distinct.filter(([sha256]) => (index.get(sha256)?.users.size ?? 0) > 1).length,
  };
}

function storedBytesOf([, sizeBytes, gzipBytes]: Chunk): number {
  return gzipBytes ?? sizeBytes;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
