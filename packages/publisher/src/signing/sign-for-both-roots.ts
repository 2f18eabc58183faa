import { type Root, rootPath, TIMESTAMP_PATH, type TrustedMetadata } from '@nearside/artifact';
import type { HeldKey } from '../keys/held-keys.js';
import type { TufRole } from '../keys/key-files.js';
import type { KeySource } from '../keys/key-source.js';
import { type Generation, resignRoles } from './resign-roles.js';
import { requireThreshold } from './signers.js';
import { createTufSigner, signMetadata, type TufSigner } from './tuf-signer.js';

/**
 * Signs the metadata of `rotated` roles anew, so that the present root and the next one both accept it, and the next
 * root with the keys of both (TUF 1.0, section 6.1). Without a next root this is a renewal.
 *
 * A reader between two writes must find metadata that verifies under the old root and under the new one. So the old
 * keys sign too, if they are at hand, and the root comes last. If they are lost, the root comes before the timestamp,
 * and readers wait for one write.
 *
 * @param trusted the repository so far
 * @param root the next root, or the present one when only the rest is to be signed
 * @param signedRoot the next root as a file, where others have signed it
 * @throws NearsideError `threshold-not-met`, `file-missing` or `key-unusable`
 */
export function signForBothRoots({
  trusted,
  root,
  signedRoot,
  rotated,
  held,
  keySource,
  nowMs,
}: {
  trusted: TrustedMetadata;
  root: Root;
  signedRoot?: Uint8Array<ArrayBuffer> | undefined;
  rotated: readonly TufRole[];
  held: readonly HeldKey[];
  keySource: KeySource;
  nowMs: number;
}): Generation {
  let oldRootAcceptsAll = true;

  function sign(role: TufRole, signed: object): Uint8Array<ArrayBuffer> {
    const after = requireThreshold(root, role, held, keySource);
    const before = signersOf(trusted.root, role, held);
    if (before.length < trusted.root.roles[role].threshold) oldRootAcceptsAll = false;
    const signers = new Map([...after, ...before].map((signer) => [signer.keyId, signer]));
    return signMetadata(signed, [...signers.values()]);
  }

  const { metadata, files } = resignRoles({ trusted, roles: rotated, sign, nowMs });
  const all = [...files];
  if (root.version > trusted.root.version) {
    if (!signedRoot) requireThreshold(trusted.root, 'root', held, keySource);
    const rootFile = [rootPath(root.version), signedRoot ?? sign('root', root)] as const;
    const beforeTimestamp = files.has(TIMESTAMP_PATH) ? all.length - 1 : all.length;
    all.splice(oldRootAcceptsAll ? all.length : beforeTimestamp, 0, [...rootFile]);
  }
  return { metadata: { ...metadata, root: root.version }, files: new Map(all) };
}

function signersOf(root: Root, role: TufRole, held: readonly HeldKey[]): TufSigner[] {
  const { keyids } = root.roles[role];
  return held
    .filter((key) => key.role === role && keyids.includes(key.id))
    .map(({ key }) => createTufSigner(key));
}
