import {
  bootPath,
  LIMITS,
  MODEL_KEYS_FIELD,
  parseMetadata,
  type RepositorySource,
  type TrustedMetadata,
  validSigners,
} from '@nearside/artifact';
import { type ErrorCode, isNearsideError, sum } from '@nearside/core';
import { TUF_ROLES, type TufRole } from '../keys/key-files.js';
import { indexChunks, storedBytesOf } from '../repository/deltas/weigh-update.js';
import { openRepository, requireRepository } from '../repository/reading/open-repository.js';
import { readableReleases } from '../repository/reading/read-repository.js';
import { type ReadVersion, readVersion } from '../repository/reading/read-version.js';
import { composeBootFile } from '../repository/writing/boot-files.js';
import { daysLeft } from '../signing/lifetimes.js';
import { chunksOf, type InspectedVersion, indexUsers, inspectVersion } from './inspect-version.js';

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
  /** Targets that claim to be model versions, and why no device would accept them. */
  readonly unreadable: readonly {
    readonly target: string;
    readonly code: ErrorCode;
    readonly message: string;
  }[];
  /** Distinct chunks of all versions, and their bytes on the server. */
  readonly chunks: number;
  readonly storedBytes: number;
}

export interface InspectedRole {
  readonly role: TufRole;
  /** Absent before anything was published. */
  readonly version?: number | undefined;
  readonly expires?: string | undefined;
  readonly expired: boolean;
  /** Days until it expires, in tenths; below 0 once it has. */
  readonly daysLeft?: number | undefined;
  readonly threshold: number;
  /** Keys that root names for the role, and those of them that signed. */
  readonly keyIds: readonly string[];
  readonly signedBy: readonly string[];
}

export interface InspectedModel {
  readonly name: string;
  /**
   * `fresh`: byte for byte as publishing would write it now. `stale`: first opens take longer. `none`: there is none
   * to write, because no version is complete and for every device.
   */
  readonly boot: {
    readonly state: 'fresh' | 'stale' | 'missing' | 'none';
    readonly sizeBytes: number;
  };
  /** Newest first. */
  readonly versions: readonly InspectedVersion[];
}

/**
 * Reads everything a repository offers, down to each version's layout. The metadata must verify under the
 * repository's own first root. Expired metadata, and versions that do not verify, are reported.
 *
 * @throws NearsideError `file-missing`, a network code, or a trust code
 */
export async function inspect({ repository, now = Date.now }: InspectOptions): Promise<Inspection> {
  const source = openRepository(repository);
  const { pin, trusted } = await requireRepository(source, repository);
  const { versions, unreadable } = await readVersions(source, trusted);
  const users = indexUsers(versions);
  const chunks = versions.flatMap(chunksOf);
  const names = new Set(versions.map(({ release }) => release.model));
  const models: InspectedModel[] = [];
  for (const name of names) {
    const ofModel = versions.filter(({ release }) => release.model === name);
    const boot = await inspectBoot(source, trusted, name);
    models.push({
      name,
      boot,
      versions: ofModel.map((version) => inspectVersion(version, ofModel, users)),
    });
  }
  return {
    pin,
    roles: await Promise.all(TUF_ROLES.map((role) => inspectRole(role, trusted, now()))),
    modelKeys: Object.keys(trusted.root[MODEL_KEYS_FIELD]),
    models,
    unreadable,
    chunks: users.size,
    storedBytes: sum([...indexChunks(chunks).values()].map(storedBytesOf)),
  };
}

/** By model, newest first. */
async function readVersions(
  source: RepositorySource,
  { root, targets }: TrustedMetadata,
): Promise<{ versions: ReadVersion[]; unreadable: Inspection['unreadable'] }> {
  const versions: ReadVersion[] = [];
  if (!targets) return { versions, unreadable: [] };
  const { releases, unreadable } = readableReleases(targets.signed);
  for (const release of releases) versions.push(await readVersion(source, root, release));
  return {
    versions,
    unreadable: unreadable.map(({ target, code, message }) => ({ target, code, message })),
  };
}

async function inspectRole(
  role: TufRole,
  trusted: TrustedMetadata,
  nowMs: number,
): Promise<InspectedRole> {
  const { keyids, threshold } = trusted.root.roles[role];
  const metadata =
    role === 'root'
      ? parseMetadata('root', trusted.rootChain.at(-1) ?? new Uint8Array())
      : trusted[role];
  const common = { role, threshold, keyIds: keyids };
  if (!metadata) return { ...common, expired: false, signedBy: [] };
  const { version, expires } = metadata.signed;
  return {
    ...common,
    version,
    expires,
    expired: Date.parse(expires) <= nowMs,
    daysLeft: daysLeft(expires, nowMs),
    signedBy: await validSigners(metadata, trusted.root),
  };
}

async function inspectBoot(
  source: RepositorySource,
  trusted: TrustedMetadata,
  model: string,
): Promise<InspectedModel['boot']> {
  const expected = await composeBootFile(source, trusted, model);
  const present = await source
    .fetchIfPresent(bootPath(model), { maxBytes: LIMITS.bootBytes })
    .catch((error) => {
      if (isNearsideError(error) && error.code === 'metadata-too-large') return new Uint8Array();
      throw error;
    });
  const sizeBytes = present?.length ?? 0;
  if (!present) return { state: expected ? 'missing' : 'none', sizeBytes };
  const isFresh = expected !== undefined && Buffer.from(present).equals(expected);
  return { state: isFresh ? 'fresh' : 'stale', sizeBytes };
}
