import { canonicalJson, type Release, type ReleaseCustom } from '@nearside/artifact';
import type { KeySource } from '../keys/key-source.js';
import type { LockedRepository } from '../repository/change-repository.js';
import { checkFiles } from '../repository/checking/check-files.js';
import { customOf } from '../repository/checking/release-rules.js';
import {
  type MetadataVersions,
  metadataVersions,
  type RepositoryState,
} from '../repository/reading/read-repository.js';
import { type Generation, resignTargets } from './resign-roles.js';
import { openSigners } from './signers.js';

export interface Rewritten {
  /** False if the targets say this already. Then nothing was signed. */
  readonly changed: boolean;
  readonly metadata: MetadataVersions;
}

/** Nothing of it is written yet. */
export type SignedRewrite = Rewritten & Pick<Generation, 'files'>;

/**
 * Signs a change of the offer of a published version: which devices get it, or the version it falls back to. Its files
 * and their signature stay, so neither a model key nor a root key is needed.
 *
 * @throws NearsideError a key code, or a trust code when devices would refuse the result
 */
export async function rewriteRelease(
  { source }: Pick<LockedRepository, 'source'>,
  { before, release, custom }: { before: RepositoryState; release: Release; custom: ReleaseCustom },
  { keys, passphrase, nowMs }: KeySource & { readonly nowMs: number },
): Promise<SignedRewrite> {
  const { pin, trusted } = before;
  if (canonicalJson(custom) === canonicalJson(customOf(release))) {
    return { changed: false, metadata: metadataVersions(before), files: new Map() };
  }
  const roles = ['targets', 'snapshot', 'timestamp'] as const;
  const sign = await openSigners({ keys, passphrase }, trusted.root, roles);
  const entry = { [release.targetName]: { ...release.target, custom } };
  const { metadata, files } = resignTargets({ trusted, entry, sign, nowMs });
  await checkFiles(files, { source, pin, trusted, nowMs });
  return { changed: true, metadata, files };
}
