import { type RepositorySource, refreshMetadata, releasesOf } from '@nearside/artifact';
import type { PackedVersion } from './packed-version.js';
import { readManifest } from './read-manifest.js';
import type { RepositoryState } from './read-repository.js';
import type { SignedRelease } from './sign-release.js';

/**
 * Goes through a signed release as a device would that trusts the repository so far, before any
 * of it is written: what devices would refuse (an expired root, a threshold not met, a model key
 * that root does not name) is refused here, with the same error.
 */
export async function checkRelease(
  signed: SignedRelease,
  {
    packed: { release },
    before,
    source,
    nowMs,
  }: {
    packed: PackedVersion;
    before: RepositoryState | undefined;
    source: RepositorySource;
    nowMs: number;
  },
): Promise<void> {
  const after = sourceOver(signed.files, source);
  const { root, targets } = await refreshMetadata(after, {
    pin: signed.pin,
    trusted: before?.trusted,
    nowMs,
  });
  for (const offered of releasesOf(targets.signed, release.model)) {
    if (offered.sequence === release.sequence) await readManifest(after, root, offered);
  }
}

/** A repository as it will be once these files are written. */
function sourceOver(
  files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>,
  source: RepositorySource,
): RepositorySource {
  return {
    fetch: async (path, options) => files.get(path) ?? source.fetch(path, options),
    fetchIfPresent: async (path, options) =>
      files.get(path) ?? source.fetchIfPresent(path, options),
  };
}
