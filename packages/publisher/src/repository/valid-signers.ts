import { createPublicKey, verify } from 'node:crypto';
import { canonicalJson, type Metadata, type Role, type Root } from '@nearside/artifact';

/** The ids of the keys, of those that root names for the role, whose signature is valid. */
export function validSigners(metadata: Metadata<Role>, root: Root): string[] {
  const { keyids } = root.roles[metadata.role];
  const bytes = Buffer.from(canonicalJson(metadata.signedJson));
  const valid = metadata.signatures
    .filter(({ keyid }) => keyids.includes(keyid))
    .filter(({ keyid, sig }) => isValid(root.keys[keyid]?.keyval.public ?? '', sig, bytes));
  return [...new Set(valid.map(({ keyid }) => keyid))];
}

/** Ed25519 (RFC 8032); anything else is not valid. */
function isValid(publicKeyHex: string, signatureHex: string, bytes: Buffer): boolean {
  try {
    const x = Buffer.from(publicKeyHex, 'hex').toString('base64url');
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    return verify(null, bytes, key, Buffer.from(signatureHex, 'hex'));
  } catch {
    return false;
  }
}
