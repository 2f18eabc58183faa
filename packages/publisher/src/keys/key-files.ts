import { createPublicKey, type KeyObject } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256Hex } from '../files/digests.js';
import { tufKeyId, tufKeyOf } from './tuf-key.js';

/** The roles of The Update Framework. Each has keys of its own, so that a stolen key gives one role. */
export const TUF_ROLES = ['root', 'targets', 'snapshot', 'timestamp'] as const;
export type TufRole = (typeof TUF_ROLES)[number];

/** Every role with private keys: TUF's, and the role that signs models. */
export const KEY_ROLES = [...TUF_ROLES, 'model'] as const;
export type KeyRole = (typeof KEY_ROLES)[number];

/** `root.pem`, `root-2.pem`, `root-3.pem`, …, because a role may have several keys. */
export function privateKeyFile(directory: string, role: KeyRole, number = 1): string {
  return join(directory, `${stem(role, number)}.pem`);
}

/** The public half, for a root that names the key and for other tools. */
export function publicKeyFile(directory: string, role: KeyRole, number = 1): string {
  return join(directory, `${stem(role, number)}.pub.pem`);
}

/** Numbers of a role's keys in a directory, ascending; none where there is no directory. */
export async function listKeyNumbers(
  directory: string,
  role: KeyRole,
  half: 'private' | 'public' = 'private',
): Promise<number[]> {
  const names = await readdir(directory).catch((): string[] => []);
  const ending = half === 'private' ? '' : '\\.pub';
  const pattern = new RegExp(`^${role}(?:-([2-9]|[1-9]\\d+))?${ending}\\.pem$`);
  return names
    .map((name) => pattern.exec(name))
    .filter((match) => match !== null)
    .map(([, number = '1']) => Number(number))
    .sort((a, b) => a - b);
}

/**
 * The PEM text of a public key. Its SHA-256 is the hint in a signed bundle. Root metadata and `model.pub.pem` hold
 * exactly this text.
 */
export function publicKeyPem(key: KeyObject): string {
  const publicKey = key.type === 'public' ? key : createPublicKey(key);
  return publicKey.export({ type: 'spki', format: 'pem' }).toString();
}

/** Root metadata names a TUF key by its TUF key id, and a model key by the SHA-256 of its PEM text. */
export function keyIdOf(role: KeyRole, key: KeyObject): string {
  return role === 'model' ? sha256Hex(publicKeyPem(key)) : tufKeyId(tufKeyOf(key));
}

function stem(role: KeyRole, number: number): string {
  return number === 1 ? role : `${role}-${number}`;
}
