import { type RepositorySource, releasesOf, requireFewRepeats } from '@nearside/artifact';
import { checkFiles } from '../repository/checking/check-files.js';
import type { PackedVersion } from '../repository/reading/packed-version.js';
import type { RepositoryState } from '../repository/reading/read-repository.js';
import { readManifest } from '../repository/reading/read-version.js';
import type { SignedRelease } from './sign-release.js';

/**
 * Verifies a signed release as a device would, before any of it is written. Beyond {@link checkFiles}, the bundle
 * must verify with a model key of root, and the layout must repeat few chunks.
 */
export async function checkRelease(
  { pin, files }: SignedRelease,
  {
    packed: { release, layout, spec, golden },
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
  requireFewRepeats(layout, spec, golden);
  const { after, trusted } = await checkFiles(files, {
    source,
    pin,
    trusted: before?.trusted,
    nowMs,
  });
  for (const offered of releasesOf(trusted.targets.signed, release.model)) {
    if (offered.sequence === release.sequence) await readManifest(after, trusted.root, offered);
  }
}
