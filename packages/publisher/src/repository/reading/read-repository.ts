import {
  acceptFirstRoot,
  followRoots,
  LIMITS,
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

/** What a repository says of itself, verified as a device with its pin would. */
export interface RepositoryState {
  readonly pin: string;
  /** The root alone, where the first publish never came to its end. */
  readonly trusted: TrustedMetadata;
}

/** A time before every expiry: a publisher must be able to read, and renew, what has expired. */
export const BEFORE_EVERY_EXPIRY_MS = 0;

/**
 * Reads and verifies a repository's metadata.
 *
 * @param nowMs when it is to be valid: by default expired metadata is read too
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
  const trusted = await refreshMetadata(source, {
    pin,
    trusted: rooted,
    nowMs,
  });
  return { pin, trusted };
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
 * What can be read and verified, for those who go on without it.
 *
 * @param code the one failure that counts; by default every one that has a code
 * @returns undefined where it cannot
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

/** A target that says it is a model version, and that no device would take for one. */
export interface UnreadableTarget {
  /** As the targets name it, whatever that is. */
  readonly target: string;
  readonly code: ErrorCode;
  readonly message: string;
  /** Whether its model could be a device's: then a newer library may understand it. */
  readonly hasModelName: boolean;
}

export interface ReadableReleases {
  /** By model; of each model newest first. */
  readonly releases: readonly Release[];
  readonly unreadable: readonly UnreadableTarget[];
}

/**
 * Every model version that the targets list, one target at a time: what is wrong with one must not
 * keep a publisher from reading, renewing or pruning the others.
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
  return { releases: releases.sort(byModelNewestFirst), unreadable };
}

function byModelNewestFirst(a: Release, b: Release): number {
  if (a.model !== b.model) return a.model < b.model ? -1 : 1;
  return b.sequence - a.sequence;
}
