import { createPrivateKey, createPublicKey } from 'node:crypto';
import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sha256Hex } from '../files/digests.js';
import { tufKeyId } from '../keys/tuf-key.js';
import { temporaryDirectory } from '../testing/workspace.js';
import { generateKeys } from './generate-keys.js';

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
  const { keys } = await generateKeys({ out });
  const model = keys.find(({ role }) => role === 'model');
  const pem = await readFile(model?.publicFile ?? '', 'utf8');
  expect(createPublicKey(pem).asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
  expect(model?.id).toBe(sha256Hex(pem));
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

test('whoever else may read the directory or a key in it is warned of', async () => {
  const out = await temporaryDirectory();
  expect((await generateKeys({ out })).exposed).toEqual([]);
  await chmod(out, 0o755);
  await chmod(join(out, 'root.pem'), 0o640);
  const { exposed } = await generateKeys({ out, role: 'model' });
  expect(exposed).toEqual([out, join(out, 'root.pem')]);
});

test('of two that make keys at once one is told what the other has made', async () => {
  const out = join(await temporaryDirectory(), 'keys');
  const made = await Promise.allSettled([generateKeys({ out }), generateKeys({ out })]);
  const [refused, ...others] = made.filter(({ status }) => status === 'rejected');
  expect(others).toEqual([]);
  expect(refused).toMatchObject({ reason: { code: 'output-exists' } });
});

test('keys are never overwritten, not even one that is left of a set', async () => {
  const out = await temporaryDirectory();
  await writeFile(join(out, 'snapshot.pem'), 'mine');
  await expect(generateKeys({ out })).rejects.toMatchObject({ code: 'output-exists' });
  expect(await readdir(out)).toEqual(['snapshot.pem']);
  expect(await readFile(join(out, 'snapshot.pem'), 'utf8')).toBe('mine');
});

describe('more keys of one role', () => {
  test('get the next free numbers, and leave those that are there alone', async () => {
    const out = await temporaryDirectory();
    await generateKeys({ out, role: 'targets' });
    const before = await readFile(join(out, 'targets.pem'), 'utf8');
    const { keys } = await generateKeys({ out, role: 'targets', count: 2 });
    expect(keys.map(({ file }) => file)).toEqual([
      join(out, 'targets-2.pem'),
      join(out, 'targets-3.pem'),
    ]);
    expect(await readFile(join(out, 'targets.pem'), 'utf8')).toBe(before);
  });

  test('come with their public halves', async () => {
    const out = await temporaryDirectory();
    await generateKeys({ out });
    await generateKeys({ out, role: 'model' });
    expect(await readdir(out)).toEqual(
      expect.arrayContaining(['model-2.pem', 'model-2.pub.pem', 'model.pem', 'model.pub.pem']),
    );
  });

  test('record how many of them must sign, beside what other roles have', async () => {
    const out = await temporaryDirectory();
    await generateKeys({ out, role: 'root', count: 3, threshold: 2 });
    await generateKeys({ out, role: 'targets', count: 2, threshold: 2 });
    expect(JSON.parse(await readFile(join(out, 'roles.json'), 'utf8'))).toEqual({
      root: { threshold: 2 },
      targets: { threshold: 2 },
    });
  });

  test.each([
    ['a threshold above their number', { role: 'root', threshold: 2 }, RangeError],
    ['a threshold for model keys', { role: 'model', threshold: 1 }, TypeError],
    ['a threshold for no role', { threshold: 1 }, TypeError],
    ['no key at all', { role: 'root', count: 0 }, RangeError],
    ['an empty passphrase', { passphrase: '' }, RangeError],
  ] as const)('are not made with %s', async (_, options, error) => {
    const out = join(await temporaryDirectory(), 'keys');
    await expect(generateKeys({ out, ...options })).rejects.toThrow(error);
    await expect(readFile(join(out, 'roles.json'))).rejects.toThrow();
  });
});

test('with a passphrase no file holds a key in the clear', async () => {
  const out = await temporaryDirectory();
  const passphrase = 'correct horse battery staple';
  const { encrypted, keys } = await generateKeys({ out, passphrase });
  expect(encrypted).toBe(true);
  for (const { file } of keys) {
    const pem = await readFile(file, 'utf8');
    expect(pem).toMatch(/^-----BEGIN ENCRYPTED PRIVATE KEY-----\n/);
    expect(() => createPrivateKey(pem)).toThrow();
    expect(createPrivateKey({ key: pem, passphrase }).type).toBe('private');
  }
});
