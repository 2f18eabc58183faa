import type { Root } from '@nearside/artifact';
import { NearsideError } from '@nearside/core';
import { privateKeyFile, readPrivateKey, type TufRole } from '../keys/key-files.js';
import { createOmsSigner, type OmsSigner } from './oms-signer.js';
import { createTufSigner, type TufSigner } from './tuf-signer.js';

/** Who signs a release: all online roles, and the key that devices take models from. */
export interface ReleaseSigners {
  readonly targets: TufSigner;
  readonly snapshot: TufSigner;
  readonly timestamp: TufSigner;
  readonly model: OmsSigner;
}

/** @throws NearsideError `file-missing`, `key-locked` or `key-unusable` */
export async function readReleaseSigners(directory: string): Promise<ReleaseSigners> {
  return {
    targets: await readTufSigner(directory, 'targets'),
    snapshot: await readTufSigner(directory, 'snapshot'),
    timestamp: await readTufSigner(directory, 'timestamp'),
    model: createOmsSigner(await readPrivateKey(directory, 'model')),
  };
}

export async function readTufSigner(directory: string, role: TufRole): Promise<TufSigner> {
  return createTufSigner(await readPrivateKey(directory, role));
}

/**
 * Devices would refuse what other keys sign; better to say so in terms of files.
 *
 * @throws NearsideError `key-unusable`
 */
export function requireKeysOf(root: Root, directory: string, signers: ReleaseSigners): void {
  for (const role of ['targets', 'snapshot', 'timestamp'] as const) {
    const { keyids } = root.roles[role];
    if (!keyids.includes(signers[role].keyId)) {
      throw new NearsideError(
        'key-unusable',
        `${privateKeyFile(directory, role)}: expected a key that root version ${root.version} ` +
          `names for '${role}' (${keyids.join(', ')}), got ${signers[role].keyId}. Use the keys ` +
          'this repository was created with.',
        { details: { role, expected: keyids, got: signers[role].keyId } },
      );
    }
  }
}
