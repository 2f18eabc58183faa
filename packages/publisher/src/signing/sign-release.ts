import {
  acceptFirstRoot,
  bundleName,
  pinOf,
  type ReleaseCustom,
  rootPath,
  targetPath,
} from '@nearside/artifact';
import type { KeySource } from '../keys/key-source.js';
import type { PackedVersion } from '../repository/reading/packed-version.js';
import type { RepositoryState } from '../repository/reading/read-repository.js';
import { createFirstRoot } from './first-root.js';
import { describeBytes } from './metadata.js';
import { openModelSigner } from './open-model-signer.js';
import { type Generation, resignTargets } from './resign-roles.js';
import { openSigners } from './signers.js';

/** Everything signed for one release: bundle and metadata. */
export interface SignedRelease extends Generation {
  readonly pin: string;
  /** SHA-256 of the bundle in hex. It names the version in reports. */
  readonly manifestSha256: string;
}

export interface SignReleaseOptions extends KeySource {
  readonly packed: PackedVersion;
  /** The repository so far; undefined if this release is its first. */
  readonly before: RepositoryState | undefined;
  /** The entry for the targets: to whom it is offered, and what it requires. */
  readonly custom: ReleaseCustom;
  readonly nowMs: number;
}

/**
 * Signs a version's files, and the metadata that offers it to devices.
 *
 * @throws NearsideError `file-missing`, `threshold-not-met`, `model-key-unknown`, `key-locked` or
 *   `key-unusable`
 */
export async function signRelease({
  packed,
  before,
  custom,
  nowMs,
  keys,
  passphrase,
}: SignReleaseOptions): Promise<SignedRelease> {
  const keySource = { keys, passphrase };
  const first = before ? undefined : await signFirstRoot(keySource, nowMs);
  const { pin, trusted } = before ?? (first as FirstRoot);
  const sign = await openSigners(keySource, trusted.root, ['targets', 'snapshot', 'timestamp']);
  const model = await openModelSigner(keySource, trusted.root);

  const bundle = model.sign(packed.release, packed.digests);
  const described = describeBytes(bundle);
  const name = bundleName(packed.release.model, packed.release.version);
  const entry = { [name]: { ...described, custom } };
  const { metadata, files } = resignTargets({ trusted, entry, sign, nowMs });
  return {
    pin,
    manifestSha256: described.hashes.sha256,
    metadata,
    files: new Map([
      ...(first ? [[rootPath(1), first.bytes] as const] : []),
      [targetPath(name, described.hashes.sha256), bundle],
      ...files,
    ]),
  };
}

type FirstRoot = RepositoryState & { readonly bytes: Uint8Array<ArrayBuffer> };

/** Only the first release needs the root keys, so that they may stay offline afterwards. */
async function signFirstRoot(keySource: KeySource, nowMs: number): Promise<FirstRoot> {
  const root = await createFirstRoot(keySource, nowMs);
  const sign = await openSigners(keySource, root, ['root']);
  const bytes = sign('root', root);
  const pin = await pinOf(bytes);
  return { pin, bytes, trusted: await acceptFirstRoot(bytes, pin) };
}
