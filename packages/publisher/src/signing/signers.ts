import type { Root } from '@nearside/artifact';
import { NearsideError } from '@nearside/core';
import { PublisherError } from '../errors/publisher-error.js';
import { type HeldKey, keyVariable, readHeldKeys } from '../keys/held-keys.js';
import { privateKeyFile, type TufRole } from '../keys/key-files.js';
import type { KeySource } from '../keys/key-source.js';
import { createTufSigner, signMetadata, type TufSigner } from './tuf-signer.js';

/** @returns the metadata as a file, with one signature per distinct key of the role at hand */
export type SignMetadata = (role: TufRole, signed: object) => Uint8Array<ArrayBuffer>;

/**
 * Reads the private keys at hand for these roles, and requires that they are enough. Devices would refuse metadata
 * that fewer or other keys sign.
 *
 * @throws NearsideError `threshold-not-met` when some keys are missing, `file-missing` when all are, `key-unusable`
 *   when root names none of those at hand, or `key-locked`
 */
export async function openSigners(
  keySource: KeySource,
  root: Root,
  roles: readonly TufRole[],
): Promise<SignMetadata> {
  const held = await readHeldKeys(keySource, roles);
  for (const role of roles) requireThreshold(root, role, held, keySource);
  return (role, signed) => signMetadata(signed, requireThreshold(root, role, held, keySource));
}

/**
 * The signers of a role among the keys at hand.
 *
 * @throws NearsideError as {@link openSigners}
 */
export function requireThreshold(
  root: Root,
  role: TufRole,
  held: readonly HeldKey[],
  keySource: KeySource,
): readonly TufSigner[] {
  const { keyids, threshold } = root.roles[role];
  const ofRole = held.filter((key) => key.role === role);
  const named = ofRole.filter(({ id }) => keyids.includes(id));
  if (named.length >= threshold) return named.map(({ key }) => createTufSigner(key));
  if (ofRole.length === 0) {
    throw noKey(role, keySource, '`--keys` says where those of this repository are.');
  }
  if (named.length === 0) throw foreignKeys(root, role, ofRole);
  throw tooFew(root, role, named);
}

/** @throws NearsideError `file-missing` */
export function noKey(
  role: HeldKey['role'],
  { keys = 'keys' }: KeySource,
  remedy = '`--keys` says where the keys are; `nearside publish --new-keys` makes those of a new repository.',
): NearsideError {
  const file = privateKeyFile(keys, role);
  return new NearsideError(
    'file-missing',
    `${file}: expected a private key of '${role}' there or in ${keyVariable(role)}, got neither. ${remedy}`,
    { details: { file, role } },
  );
}

function foreignKeys(root: Root, role: TufRole, held: readonly HeldKey[]): PublisherError {
  const expected = root.roles[role].keyids;
  const got = held.map(({ id }) => id);
  return new PublisherError(
    'key-unusable',
    `${held.map(({ origin }) => origin).join(', ')}: expected a key that root version ` +
      `${root.version} names for '${role}' (${expected.join(', ')}), got ${got.join(', ')}. Use ` +
      'the keys this repository was created with, or those it was rotated to.',
    { details: { role, expected, got } },
  );
}

function tooFew(root: Root, role: TufRole, named: readonly HeldKey[]): NearsideError {
  const { keyids, threshold } = root.roles[role];
  const available = named.map(({ id }) => id);
  const missing = keyids.filter((id) => !available.includes(id));
  return new NearsideError(
    'threshold-not-met',
    `'${role}': expected ${threshold} of the ${keyids.length} keys that root version ` +
      `${root.version} names, got ${available.length} (${available.join(', ')}). Missing: ` +
      `${missing.join(', ')}. Put them beside the others.`,
    { details: { role, threshold, available, missing, rootVersion: root.version } },
  );
}
