import type { KeyObject } from 'node:crypto';
import { canonicalJson } from '@nearside/artifact';
import { sha256Hex } from '../files/digests.js';

/** A public key as root metadata lists it (TUF 1.0, section 4.2.2). */
export type TufKey = {
  readonly keytype: 'ed25519';
  readonly scheme: 'ed25519';
  /** The 32 bytes of RFC 8032 in hex. */
  readonly keyval: { readonly public: string };
};

/** @param key an Ed25519 key, private or public */
export function tufKeyOf(key: KeyObject): TufKey {
  const { x = '' } = key.export({ format: 'jwk' });
  const bytes = Buffer.from(x, 'base64url');
  return { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: bytes.toString('hex') } };
}

/** The SHA-256 of the key's canonical JSON. python-securesystemslib gives the same id. */
export function tufKeyId(key: TufKey): string {
  return sha256Hex(canonicalJson(key));
}
