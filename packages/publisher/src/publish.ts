import type { RepositorySource } from '@nearside/artifact';
import { modelUrl, openLine } from './open-line.js';
import { checkRelease } from './repository/check-release.js';
import { openDirectorySource } from './repository/directory-source.js';
import { findPublished, type PublishedVersion } from './repository/find-published.js';
import { readPackedVersion } from './repository/packed-version.js';
import { type RepositoryState, readRepository } from './repository/read-repository.js';
import { openRepositoryWriter } from './repository/repository-writer.js';
import { type SignReleaseOptions, signRelease } from './repository/sign-release.js';
import { writeChunks } from './repository/write-chunks.js';

export interface PublishOptions {
  /** What `pack` wrote. */
  readonly packed: string;
  /** Directory of the repository; made when missing. */
  readonly repository: string;
  /** Directory of the private keys. `root.pem` is needed for a new repository only. */
  readonly keys: string;
  /** Where the repository will be served, for the `open` line. */
  readonly baseUrl?: string | undefined;
  readonly now?: () => number;
}

export interface Publication {
  readonly model: string;
  readonly version: string;
  readonly sequence: number;
  readonly state: 'stable' | 'canary' | 'revoked';
  readonly pin: string;
  /** SHA-256 of the signed bundle in hex: names the version in reports. */
  readonly manifestSha256: string;
  /** False when exactly these files were published already: nothing was signed. */
  readonly changed: boolean;
  /** Version of each metadata role now. */
  readonly metadata: Readonly<Record<'root' | 'targets' | 'snapshot' | 'timestamp', number>>;
  /** Distinct chunks of the version, and those that were not there yet. */
  readonly chunks: number;
  readonly chunksWritten: number;
  /** Of all files, metadata included. */
  readonly filesWritten: number;
  readonly bytesWritten: number;
  /** The line of code that opens the model. */
  readonly open: string;
}

/**
 * Signs a packed version and adds it to a repository, which is made on first use. Readers may
 * read meanwhile: every file appears whole, and none before those it names. Publishing the same
 * again signs nothing, and restores chunks that went missing.
 *
 * @throws NearsideError `version-conflict`, a key code, a code of `pack`, or a trust code when
 *   the repository does not verify or devices would refuse the release
 * @throws TypeError when `baseUrl` is no address that devices accept
 */
export async function publish({
  packed: packedDirectory,
  repository,
  keys,
  baseUrl,
  now = Date.now,
}: PublishOptions): Promise<Publication> {
  const packed = await readPackedVersion(packedDirectory);
  modelUrl(packed.release.model, baseUrl); // throws before anything is written
  const source = openDirectorySource(repository);
  const before = await readRepository(source);
  const published = before && (await findPublished(source, before, packed));
  const outcome =
    before && published
      ? alreadyPublished(before, published)
      : await sign({ packed, before, source, keys, nowMs: now() });

  const writer = openRepositoryWriter(repository);
  const chunks = await writeChunks(packed, writer);
  for (const [path, bytes] of outcome.files) await writer.write(path, bytes);
  const { files: _files, ...facts } = outcome;
  return {
    ...packed.release,
    ...facts,
    chunks: chunks.total,
    chunksWritten: chunks.written,
    filesWritten: writer.totals.files,
    bytesWritten: writer.totals.sizeBytes,
    open: openLine(packed.release.model, { baseUrl, pin: outcome.pin }),
  };
}

interface Outcome
  extends Pick<Publication, 'state' | 'pin' | 'manifestSha256' | 'changed' | 'metadata'> {
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

async function sign(
  options: SignReleaseOptions & { readonly source: RepositorySource },
): Promise<Outcome> {
  const signed = await signRelease(options);
  await checkRelease(signed, options);
  return { ...signed, state: 'stable', changed: true };
}

function alreadyPublished(
  { pin, trusted }: RepositoryState,
  { release, manifest }: PublishedVersion,
): Outcome {
  return {
    pin,
    state: release.state,
    manifestSha256: manifest.sha256,
    changed: false,
    metadata: {
      root: trusted.root.version,
      targets: trusted.targets?.signed.version ?? 0,
      snapshot: trusted.snapshot?.signed.version ?? 0,
      timestamp: trusted.timestamp?.signed.version ?? 0,
    },
    files: new Map(),
  };
}
