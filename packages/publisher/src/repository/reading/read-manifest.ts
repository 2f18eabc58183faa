import {
  expectedBundle,
  LIMITS,
  type Manifest,
  MODEL_KEYS_FIELD,
  type Release,
  type RepositorySource,
  type Root,
  targetPath,
  verifyBundle,
  verifyBytes,
} from '@nearside/artifact';

/**
 * Reads and verifies the bundle of a release.
 *
 * @throws NearsideError a trust code when it does not verify
 */
export async function readManifest(
  source: RepositorySource,
  root: Root,
  release: Release,
): Promise<Manifest> {
  const { targetName, target, model, version, sequence } = release;
  const bundle = await source.fetch(targetPath(targetName, target.hashes.sha256), {
    maxBytes: Math.min(target.length, LIMITS.bundleBytes),
    tooLarge: 'size-mismatch',
  });
  return verifyBundle(await verifyBytes(bundle, expectedBundle(release)), {
    modelKeys: root[MODEL_KEYS_FIELD],
    release: { model, version, sequence },
  });
}
