import {
  acceptFirstRoot,
  followRoots,
  pinOf,
  type RepositorySource,
  refreshMetadata,
  rootPath,
  TIMESTAMP_PATH,
  type TrustedMetadata,
} from '@nearside/artifact';

/** What a repository says of itself, verified as a device with its pin would. */
export interface RepositoryState {
  readonly pin: string;
  /** The root alone, where the first publish never came to its end. */
  readonly trusted: TrustedMetadata;
}

/** Room for many keys; devices refuse more than this too. */
const MAX_METADATA_BYTES = 512 * 1024;

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
  const limit = { maxBytes: MAX_METADATA_BYTES };
  const firstRoot = await source.fetchIfPresent(rootPath(1), limit);
  if (!firstRoot) return undefined;
  const pin = await pinOf(firstRoot);
  const rooted = await followRoots(source, await acceptFirstRoot(firstRoot, pin));
  const isPublished = await source.fetchIfPresent(TIMESTAMP_PATH, limit);
  if (!isPublished) return { pin, trusted: rooted };
  const trusted = await refreshMetadata(source, {
    pin,
    trusted: rooted,
    nowMs: BEFORE_EVERY_EXPIRY_MS,
  });
  return { pin, trusted };
}
