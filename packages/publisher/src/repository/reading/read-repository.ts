import {
  acceptFirstRoot,
  followRoots,
  LIMITS,
  listedTwice,
  modelNames,
  pinOf,
  type Release,
  type RepositorySource,
  refreshMetadata,
  releasesOf,
  rootPath,
  type Targets,
  TIMESTAMP_PATH,
  type TrustedMetadata,
} from '@nearside/artifact';
import { type ErrorCode, isNearsideError, ModelNameSchema } from '@nearside/core';
import { is } from 'valibot';
import type { TufRole } from '../../keys/key-files.js';

/** The state of a repository, verified as a device with its pin would. */
export interface RepositoryState {
  readonly pin: string;
  /** Only the root, if the first publish never finished. */
  readonly trusted: TrustedMetadata;
}

/** A time before every expiry. A publisher must be able to read expired metadata and renew it. */
export const BEFORE_EVERY_EXPIRY_MS = 0;

/**
 * Reads and verifies a repository's metadata.
 *
 * @param nowMs time at which it must be valid; by default expired metadata is read too
 * @returns undefined when there is none
 * @throws NearsideError a trust code when it does not verify
 */
export async function readRepository(
  source: RepositorySource,
  { nowMs = BEFORE_EVERY_EXPIRY_MS }: { readonly nowMs?: number } = {},
): Promise<RepositoryState | undefined> {
  const firstRoot = await source.fetchIfPresent(rootPath(1), { maxBytes: LIMITS.rootBytes });
  if (!firstRoot) return undefined;
  const pin = await pinOf(firstRoot);
  const rooted = await followRoots(source, await acceptFirstRoot(firstRoot, pin));
  const timestamp = await source.fetchIfPresent(TIMESTAMP_PATH, {
    maxBytes: LIMITS.timestampBytes,
  });
  if (!timestamp) return { pin, trusted: rooted };
  return { pin, trusted: await refreshMetadata(source, { pin, trusted: rooted, nowMs }) };
}

/** @returns the metadata of a role; undefined where nothing has been published */
export function signedOf(trusted: TrustedMetadata, role: TufRole) {
  return role === 'root' ? trusted.root : trusted[role]?.signed;
}

/** The version each role has reached; 0 where nothing has been published. */
export type MetadataVersions = Readonly<Record<TufRole, number>>;

export function metadataVersions({ trusted }: RepositoryState): MetadataVersions {
  return {
    root: trusted.root.version,
    targets: trusted.targets?.signed.version ?? 0,
    snapshot: trusted.snapshot?.signed.version ?? 0,
    timestamp: trusted.timestamp?.signed.version ?? 0,
  };
}

/**
 * Reads what the caller can do without.
 *
 * @param code the only failure that is caught; by default every failure with a code
 * @returns undefined after such a failure
 */
export async function ifUsable<Result>(
  read: () => Promise<Result>,
  code?: ErrorCode,
): Promise<Result | undefined> {
  try {
    return await read();
  } catch (error) {
    if (isNearsideError(error) && (code === undefined || error.code === code)) return undefined;
    throw error;
  }
}

/** A target that claims to be a model version, and that no device would accept as one. */
export interface UnreadableTarget {
  /** Its name in the targets, whatever that is. */
  readonly target: string;
  readonly code: ErrorCode;
  readonly message: string;
  /** True if a device could ask for its model. Then a newer library may understand it. */
  readonly hasModelName: boolean;
}

export interface ReadableReleases {
  /** By model; of each model newest first. */
  readonly releases: readonly Release[];
  readonly unreadable: readonly UnreadableTarget[];
}

/**
 * Reads every model version that the targets list, one target at a time. A wrong one must not keep a publisher from
 * reading, renewing or pruning the others.
 */
export function readableReleases(targets: Targets): ReadableReleases {
  const releases: Release[] = [];
  const unreadable: UnreadableTarget[] = [];
  for (const [target, entry] of Object.entries(targets.targets)) {
    const alone = { ...targets, targets: { [target]: entry } };
    for (const model of modelNames(alone)) {
      try {
        releases.push(...releasesOf(alone, model));
      } catch (error) {
        if (!isNearsideError(error)) throw error;
        const { code, message } = error;
        unreadable.push({ target, code, message, hasModelName: is(ModelNameSchema, model) });
      }
    }
  }
  const once = releases.filter((release) => {
    if (releases.filter((other) => isSameSequence(release, other)).length === 1) return true;
    const { code, message } = listedTwice(releases, release);
    unreadable.push({ target: release.targetName, code, message, hasModelName: true });
    return false;
  });
  return { releases: once.sort(byModelNewestFirst), unreadable };
}

function isSameSequence(a: Release, b: Release): boolean {
  return a.model === b.model && a.sequence === b.sequence;
}

function byModelNewestFirst(a: Release, b: Release): number {
  if (a.model !== b.model) return a.model < b.model ? -1 : 1;
  return b.sequence - a.sequence;
}
