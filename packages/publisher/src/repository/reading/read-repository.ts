import {
  acceptFirstRoot,
  followRoots,
  LIMITS,
  pinOf,
  type RepositorySource,
  refreshMetadata,
  rootPath,
  TIMESTAMP_PATH,
  type TrustedMetadata,
} from '@nearside/artifact';
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
 * Reads and verifies a repository's metadata, whether expired or not.
 *
 * @returns undefined when there is none
 * @throws NearsideError a trust code when it does not verify
 */
export async function readRepository(
  source: RepositorySource,
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
    nowMs: BEFORE_EVERY_EXPIRY_MS,
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
