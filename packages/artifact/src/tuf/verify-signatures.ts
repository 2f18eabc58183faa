import { NearsideError } from '@nearside/core';
import { canonicalJson } from '../canonical-json.js';
import { fromHex } from '../hex.js';
import { webCrypto } from '../sha256.js';
import type { Metadata, Role, Root } from './metadata.js';

/**
 * Checks that `metadata` carries valid signatures by at least the threshold of distinct keys that `root` names for
 * its role (TUF 1.0, section 5.3.4 and its siblings). A key counts once, however many ids it has and however often it
 * signs.
 *
 * @throws NearsideError `threshold-not-met`, or `signature-invalid` when not one signature holds;
 *   `crypto-unsupported`
 */
export async function verifySignatures(metadata: Metadata<Role>, root: Root): Promise<void> {
  const { keyids, threshold } = root.roles[metadata.role];
  const signers = await validSigners(metadata, root);
  if (signers.length >= threshold) return;
  const role = metadata.role;
  throw new NearsideError(
    signers.length === 0 ? 'signature-invalid' : 'threshold-not-met',
    `${role}.json: expected valid signatures by ${threshold} of the ${keyids.length} keys that ` +
      `root version ${root.version} names for '${role}', got ${signers.length}.`,
    { details: { role, threshold, valid: signers.length, rootVersion: root.version } },
  );
}

/**
 * @returns ids of the keys that `root` names for the role of `metadata` and whose signature is valid; one id per key
 *
 * @throws NearsideError `metadata-malformed` when nobody could have signed this; `crypto-unsupported`
 */
export async function validSigners(metadata: Metadata<Role>, root: Root): Promise<string[]> {
  const { keyids } = root.roles[metadata.role];
  const bytes = signedBytes(metadata);
  const signers = new Map<string, string>();
  for (const { keyid, sig } of metadata.signatures) {
    const key = keyids.includes(keyid) ? root.keys[keyid] : undefined;
    if (!key || signers.has(key.keyval.public)) continue;
    if (await verifyEd25519(key, sig, bytes)) signers.set(key.keyval.public, keyid);
  }
  return [...signers.values()];
}

/** Canonical JSON has no fractions and no endless nesting, so such metadata is malformed. */
function signedBytes({ role, signedJson }: Metadata<Role>): Uint8Array<ArrayBuffer> {
  try {
    return new TextEncoder().encode(canonicalJson(signedJson));
  } catch (cause) {
    throw new NearsideError(
      'metadata-malformed',
      `${role}.json: expected a value that canonical JSON can express, got another.`,
      { cause, details: { role } },
    );
  }
}

async function verifyEd25519(
  key: Root['keys'][string],
  signature: string,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  if (key.keytype !== 'ed25519' || key.scheme !== 'ed25519') return false;
  if (!/^[0-9a-f]{64}$/.test(key.keyval.public) || !/^[0-9a-f]{128}$/.test(signature)) return false;
  const crypto = webCrypto();
  const publicKey = await crypto
    .importKey('raw', fromHex(key.keyval.public), { name: 'Ed25519' }, false, ['verify'])
    .catch((cause) => {
      throw (cause as Error).name === 'NotSupportedError' ? unsupported(cause) : cause;
    });
  return crypto.verify({ name: 'Ed25519' }, publicKey, fromHex(signature), bytes);
}

/** This says nothing about the signature, which was not checked. */
function unsupported(cause: unknown): NearsideError {
  return new NearsideError(
    'crypto-unsupported',
    'Expected a browser whose WebCrypto knows Ed25519 (Chrome and Edge from 137, Firefox from 129, Safari ' +
      'from 17), got an older one: ask for a newer browser.',
    { cause },
  );
}
