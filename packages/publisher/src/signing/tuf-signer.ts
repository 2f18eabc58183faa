import { type KeyObject, sign } from 'node:crypto';
import { canonicalJson } from '@nearside/artifact';
import { type TufKey, tufKeyId, tufKeyOf } from '../keys/tuf-key.js';

/** Signs metadata of one TUF role with one key. */
export interface TufSigner {
  readonly keyId: string;
  readonly key: TufKey;
  /** @returns an Ed25519 signature in hex */
  sign(bytes: Uint8Array): string;
}

/** @param privateKey an Ed25519 key */
export function createTufSigner(privateKey: KeyObject): TufSigner {
  const key = tufKeyOf(privateKey);
  return {
    keyId: tufKeyId(key),
    key,
    sign: (bytes) => sign(null, bytes, privateKey).toString('hex'),
  };
}

/**
 * Writes a signed metadata file. The signature is over canonical JSON. The file is plain JSON, because the canonical
 * form leaves line breaks in strings (a PEM has some) as they are. It is compact and without a final line break, so
 * that no byte can change and still verify.
 */
export function signMetadata(
  signed: object,
  signers: readonly TufSigner[],
): Uint8Array<ArrayBuffer> {
  const signatures = signaturesOf(signed, signers);
  return new TextEncoder().encode(JSON.stringify({ signed, signatures }));
}

export function signaturesOf(signed: unknown, signers: readonly TufSigner[]) {
  const bytes = new TextEncoder().encode(canonicalJson(signed));
  return signers.map((signer) => ({ keyid: signer.keyId, sig: signer.sign(bytes) }));
}
