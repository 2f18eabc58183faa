import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NearsideError } from '@nearside/core';

/** The roles of The Update Framework; each has a key of its own, so that one theft is one role. */
export const TUF_ROLES = ['root', 'targets', 'snapshot', 'timestamp'] as const;
export type TufRole = (typeof TUF_ROLES)[number];

/** Every role with a private key: TUF's, and the one that signs models. */
export type KeyRole = TufRole | 'model';

export function privateKeyFile(directory: string, role: KeyRole): string {
  return join(directory, `${role}.pem`);
}

/** What other tools verify a model's signature with. */
export function modelPublicKeyFile(directory: string): string {
  return join(directory, 'model.pub.pem');
}

/**
 * The PEM text of a public key. Its SHA-256 is the hint in a signed bundle, so root metadata and
 * `model.pub.pem` hold exactly this text.
 */
export function publicKeyPem(privateKey: KeyObject): string {
  return createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString();
}

/**
 * Reads one role's private key.
 *
 * @throws NearsideError `file-missing`, `key-locked` or `key-unusable`
 */
export async function readPrivateKey(directory: string, role: KeyRole): Promise<KeyObject> {
  const file = privateKeyFile(directory, role);
  const pem = await readKeyFile(file, role);
  if (pem.includes('BEGIN ENCRYPTED PRIVATE KEY')) {
    throw new NearsideError(
      'key-locked',
      `${file}: expected an unencrypted private key, got an encrypted one, which this version ` +
        'cannot unlock. Decrypt it first, for instance with `openssl pkey`.',
      { details: { file, role } },
    );
  }
  const key = parsePrivateKey(pem, file, role);
  const expected = role === 'model' ? 'an ECDSA P-256' : 'an Ed25519';
  if (keyKind(key) === (role === 'model' ? 'ec prime256v1' : 'ed25519')) return key;
  throw unusable(file, role, `expected ${expected} key, got ${keyKind(key)}`);
}

async function readKeyFile(file: string, role: KeyRole): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new NearsideError(
      'file-missing',
      `${file}: expected the private key of '${role}', got no readable file. ` +
        '`nearside keygen` makes a set of keys; `--keys` says where they are.',
      { cause, details: { file, role } },
    );
  }
}

function parsePrivateKey(pem: string, file: string, role: KeyRole): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    // The cause is left out: nothing of what a key file holds may reach a log.
    throw unusable(file, role, 'expected a private key in PEM (PKCS #8), got something else');
  }
}

function keyKind(key: KeyObject): string {
  const curve = key.asymmetricKeyDetails?.namedCurve;
  return [key.asymmetricKeyType, curve].filter((part) => part !== undefined).join(' ');
}

function unusable(file: string, role: KeyRole, why: string): NearsideError {
  return new NearsideError('key-unusable', `${file}: ${why}.`, { details: { file, role } });
}
