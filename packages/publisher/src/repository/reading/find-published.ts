import {
  type Release,
  type RepositorySource,
  releasesOf,
  type SignedManifest,
} from '@nearside/artifact';
import { PublisherError } from '../../errors/publisher-error.js';
import type { PackedVersion } from './packed-version.js';
import type { RepositoryState } from './read-repository.js';
import { readManifest } from './read-version.js';

/** A draft has both from its options. */
const RAISE =
  'raise `version` and `sequence` in model.json and pack again, or give `--version` and `--sequence` with a file.';

export interface PublishedVersion {
  readonly release: Release;
  readonly manifest: SignedManifest;
}

/**
 * Looks for a version among the published ones. It is the same if the signed files are. Bundles cannot be compared,
 * because each ECDSA signature is different.
 *
 * @returns undefined when it is new and may be published
 * @throws NearsideError `version-conflict` when devices would never choose it
 */
export async function findPublished(
  source: RepositorySource,
  { trusted }: RepositoryState,
  { release, digests }: PackedVersion,
): Promise<PublishedVersion | undefined> {
  const published = trusted.targets ? releasesOf(trusted.targets.signed, release.model) : [];
  const same = published.find(({ version }) => version === release.version);
  if (!same) {
    const newest = published[0];
    if (newest && newest.sequence >= release.sequence) throw tooLow(release, newest);
    return undefined;
  }
  if (same.state === 'revoked') {
    throw conflict(
      release,
      `a new version, got one that was revoked. A revocation is for good: ${RAISE}`,
    );
  }
  const manifest = await readManifest(source, trusted.root, same);
  if (same.sequence === release.sequence && sameFiles(manifest.files, digests)) {
    return { release: same, manifest };
  }
  throw conflict(
    release,
    `the files that are published under this version, got others. A published version never changes: ${RAISE}`,
  );
}

function sameFiles(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([name, digest]) => b.get(name) === digest);
}

function tooLow(release: PackedVersion['release'], newest: Release): PublisherError {
  const { model, version, sequence } = release;
  return new PublisherError(
    'version-conflict',
    `${model} ${version}: expected a sequence above ${newest.sequence}, which ${newest.version} ` +
      `has, got ${sequence}. Raise \`sequence\` in model.json to ${newest.sequence + 1} and pack ` +
      `again, or give \`--sequence ${newest.sequence + 1}\` with a file.`,
    { details: { ...release, published: newest.version, publishedSequence: newest.sequence } },
  );
}

function conflict(release: PackedVersion['release'], expectedAndGot: string): PublisherError {
  return new PublisherError(
    'version-conflict',
    `${release.model} ${release.version}: expected ${expectedAndGot}`,
    { details: { ...release } },
  );
}
