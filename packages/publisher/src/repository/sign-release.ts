import {
  bundleName,
  pinOf,
  type ReleaseCustom,
  rootPath,
  snapshotPath,
  TIMESTAMP_PATH,
  targetPath,
  targetsPath,
} from '@nearside/artifact';
import {
  type ReleaseSigners,
  readReleaseSigners,
  readTufSigner,
  requireKeysOf,
} from '../signing/release-signers.js';
import { signMetadata, type TufSigner } from '../signing/tuf-signer.js';
import {
  describeBytes,
  firstRoot,
  type MetadataFile,
  nextSnapshot,
  nextTargets,
  nextTimestamp,
} from './metadata.js';
import type { PackedVersion } from './packed-version.js';
import type { RepositoryState } from './read-repository.js';

/** Everything signed for one release. */
export interface SignedRelease {
  readonly pin: string;
  /** SHA-256 of the bundle in hex: names the version in reports. */
  readonly manifestSha256: string;
  /** The version each role has reached. */
  readonly metadata: Readonly<Record<'root' | 'targets' | 'snapshot' | 'timestamp', number>>;
  /** Path → bytes, in the order they may appear: what names another file comes after it. */
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

export interface SignReleaseOptions {
  readonly packed: PackedVersion;
  /** The repository so far; undefined when this release is its first. */
  readonly before: RepositoryState | undefined;
  /** Directory of the private keys. */
  readonly keys: string;
  readonly nowMs: number;
}

/**
 * Signs a version's files, and the metadata that offers it to all devices.
 *
 * @throws NearsideError `file-missing`, `key-locked` or `key-unusable`
 */
export async function signRelease({
  packed,
  before,
  keys,
  nowMs,
}: SignReleaseOptions): Promise<SignedRelease> {
  const signers = await readReleaseSigners(keys);
  const root = before ? undefined : await signFirstRoot(keys, signers, nowMs);
  if (before) requireKeysOf(before.trusted.root, keys, signers);
  const bundle = signers.model.sign(packed.release, packed.digests);
  const described = describeBytes(bundle);
  const name = bundleName(packed.release.model, packed.release.version);

  const trusted = before?.trusted;
  const entry = { [name]: { ...described, custom: customOf(packed) } };
  const targets = signed(nextTargets(trusted?.targets?.signed, entry, nowMs), signers.targets);
  const snapshot = signed(
    nextSnapshot(trusted?.snapshot?.signed, targets, nowMs),
    signers.snapshot,
  );
  const timestamp = signed(
    nextTimestamp(trusted?.timestamp?.signed, snapshot, nowMs),
    signers.timestamp,
  );
  return {
    pin: before?.pin ?? (await pinOf(root ?? new Uint8Array())),
    manifestSha256: described.hashes.sha256,
    metadata: {
      root: trusted?.root.version ?? 1,
      targets: targets.version,
      snapshot: snapshot.version,
      timestamp: timestamp.version,
    },
    files: new Map([
      ...(root ? [[rootPath(1), root] as const] : []),
      [targetPath(name, described.hashes.sha256), bundle],
      [targetsPath(targets.version), targets.bytes],
      [snapshotPath(snapshot.version), snapshot.bytes],
      [TIMESTAMP_PATH, timestamp.bytes],
    ]),
  };
}

/** The root key is needed here alone, so that it may stay offline afterwards. */
async function signFirstRoot(keys: string, signers: ReleaseSigners, nowMs: number) {
  const root = await readTufSigner(keys, 'root');
  return signMetadata(firstRoot({ root, ...signers }, nowMs), [root]);
}

function customOf({ spec, release }: PackedVersion): ReleaseCustom {
  const { model, version, sequence } = release;
  return { model, version, sequence, state: 'stable', requires: { format: spec.format } };
}

function signed(metadata: { readonly version: number }, signer: TufSigner): MetadataFile {
  return { version: metadata.version, bytes: signMetadata(metadata, [signer]) };
}
