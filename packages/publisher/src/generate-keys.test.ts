import { createPrivateKey, createPublicKey } from 'node:crypto';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { generateKeys } from './generate-keys.js';
import { tufKeyId } from './keys/tuf-key.js';
import { sha256Hex } from './sha256-hex.js';
import { temporaryDirectory } from './testing/workspace.js';

test('every role gets its own key in PKCS #8, readable by its owner only', async () => {
  const out = join(await temporaryDirectory(), 'keys');
  const { keys } = await generateKeys({ out });
  expect(keys.map(({ role }) => role)).toEqual([
    'root',
    'targets',
    'snapshot',
    'timestamp',
    'model',
  ]);
  expect(new Set(keys.map(({ id }) => id)).size).toBe(5);
  for (const { role, file } of keys) {
    const key = createPrivateKey(await readFile(file));
    expect(key.asymmetricKeyType).toBe(role === 'model' ? 'ec' : 'ed25519');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  }
});

test('the model key is P-256, and its id is the SHA-256 of the public PEM text', async () => {
  const out = join(await temporaryDirectory(), 'keys');
  const { keys, modelPublicKeyFile } = await generateKeys({ out });
  const pem = await readFile(modelPublicKeyFile, 'utf8');
  expect(createPublicKey(pem).asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
  expect(keys.find(({ role }) => role === 'model')?.id).toBe(sha256Hex(pem));
});

test('a key id is what python-securesystemslib gives the same key', () => {
  // SSlibKey.from_crypto of public bytes 00 01 … 1f: securesystemslib 1.2.0 of Debian 13.
  const bytes = Uint8Array.from({ length: 32 }, (_, i) => i);
  const key = {
    keytype: 'ed25519',
    scheme: 'ed25519',
    keyval: { public: Buffer.from(bytes).toString('hex') },
  } as const;
  expect(tufKeyId(key)).toBe('b5b3929e2eb1cd5fb401e8d8dd00a903bfac256d06eae9cc38a51d344e14583f');
});

test('keys are never overwritten, not even one that is left of a set', async () => {
  const out = await temporaryDirectory();
  await writeFile(join(out, 'snapshot.pem'), 'mine');
  await expect(generateKeys({ out })).rejects.toMatchObject({ code: 'output-exists' });
  expect(await readdir(out)).toEqual(['snapshot.pem']);
  expect(await readFile(join(out, 'snapshot.pem'), 'utf8')).toBe('mine');
});
