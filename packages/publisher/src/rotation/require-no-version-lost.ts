import { MODEL_KEYS_FIELD, type RepositorySource, type TrustedMetadata } from '@nearside/artifact';
import { PublisherError } from '../errors/publisher-error.js';
import { ifUsable, readableReleases } from '../repository/reading/read-repository.js';
import { readManifest } from '../repository/reading/read-version.js';

/**
 * Finds versions that would be lost. Devices refuse a version as soon as root no longer names its model key.
 *
 * @param removed ids of the keys that root will no longer name
 * @returns the lost versions, as `model version`, if that is allowed
 * @throws NearsideError `gate-refused` if it is not
 */
export async function requireNoVersionLost(
  source: RepositorySource,
  { root, targets }: TrustedMetadata,
  { removed, allowed }: { removed: readonly string[]; allowed: boolean },
): Promise<string[]> {
  const removedModelKeys = removed.filter((id) => Object.hasOwn(root[MODEL_KEYS_FIELD], id));
  if (!targets || removedModelKeys.length === 0) return [];
  const lost: string[] = [];
  for (const release of readableReleases(targets.signed).releases) {
    if (release.state === 'revoked') continue;
    // A version that does not verify is one that devices refuse already.
    const manifest = await ifUsable(() => readManifest(source, root, release));
    if (!manifest || !removedModelKeys.includes(manifest.keyHint)) continue;
    lost.push(`${release.model} ${release.version}`);
  }
  if (allowed || lost.length === 0) return lost;
  throw new PublisherError(
    'gate-refused',
    `Expected no version to depend on a removed model key, got ${lost.join(', ')}: devices would ` +
      'refuse them at once. Add the new key and publish new versions signed by it first, or say ' +
      '`--drop-versions` when the old key was stolen.',
    { details: { versions: lost, removed: removedModelKeys } },
  );
}
