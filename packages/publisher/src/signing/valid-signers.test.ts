import { generateKeyPairSync } from 'node:crypto';
import { type Metadata, type Root, validSigners } from '@nearside/artifact';
import { expect, test } from 'vitest';
import { createTufSigner, signMetadata } from './tuf-signer.js';

const [a, b] = [1, 2].map(() => createTufSigner(generateKeyPairSync('ed25519').privateKey));
if (!a || !b) throw new Error('expected two signers');
const signed = { _type: 'timestamp', version: 1 };
const { signatures } = JSON.parse(new TextDecoder().decode(signMetadata(signed, [a, b])));
const [byA, byB] = signatures as { keyid: string; sig: string }[];

/** A root that names these keys for the timestamp, and a timestamp with these signatures. */
function signersOf(keys: Record<string, object>, signatures: readonly object[]): Promise<string[]> {
  const root = { keys, roles: { timestamp: { keyids: Object.keys(keys), threshold: 1 } } };
  const metadata = { role: 'timestamp', signedJson: signed, signatures };
  return validSigners(metadata as unknown as Metadata<'timestamp'>, root as unknown as Root);
}

test('a key counts once, however many ids it has', async () => {
  const keys = { [a.keyId]: a.key, alias: a.key, [b.keyId]: b.key };
  const twice = [byA, { ...byA, keyid: 'alias' }, byB];
  expect(await signersOf(keys, twice as object[])).toEqual([a.keyId, b.keyId]);
});

test('a signature counts under its own key alone', async () => {
  const keys = { [a.keyId]: a.key, [b.keyId]: b.key };
  expect(await signersOf(keys, [{ ...byA, keyid: b.keyId }])).toEqual([]);
  expect(await signersOf({ [b.keyId]: b.key }, [byA, byB] as object[])).toEqual([b.keyId]);
});

test.each([{ scheme: 'ed25519ph' }, { keytype: 'ecdsa' }])(
  'a key of another kind does not count: %j',
  async (kind) => {
    expect(await signersOf({ [a.keyId]: { ...a.key, ...kind } }, [byA] as object[])).toEqual([]);
  },
);
