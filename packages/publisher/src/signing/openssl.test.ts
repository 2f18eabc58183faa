import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalJson, PAYLOAD_TYPE, preAuthenticationEncoding } from '@nearside/artifact';
import { expect, test } from 'vitest';
import { readHeldKeys } from '../keys/held-keys.js';
import { publicKeyPem } from '../keys/key-files.js';
import { privateKeyPem } from '../keys/private-key-pem.js';
import { temporaryDirectory } from '../testing/workspace.js';
import { createOmsSigner } from './oms-signer.js';
import { createTufSigner, signMetadata } from './tuf-signer.js';

/** An independent implementation says whether what we sign is what we say it is. */
const opensslVersion = (() => {
  try {
    return execFileSync('openssl', ['version'], { encoding: 'utf8' });
  } catch {
    return undefined;
  }
})();

const skipped = opensslVersion === undefined ? ' (skipped: openssl is not installed)' : '';

async function openssl(files: Record<string, string | Uint8Array>, ...words: string[]) {
  const directory = await temporaryDirectory();
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(directory, name), content);
  }
  return () => execFileSync('openssl', words, { cwd: directory, encoding: 'utf8', stdio: 'pipe' });
}

test.skipIf(skipped)(`openssl verifies the DSSE signature of a bundle${skipped}`, async () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const release = { model: 'tiny', version: '1.0.0', sequence: 1 };
  const raw = createOmsSigner(privateKey).sign(release, new Map([['model.json', 'ab'.repeat(32)]]));
  const { payload, signatures } = JSON.parse(new TextDecoder().decode(raw)).dsseEnvelope;
  const encoded = preAuthenticationEncoding(PAYLOAD_TYPE, Buffer.from(payload, 'base64'));
  const verify = (bytes: Uint8Array) =>
    openssl(
      {
        'key.pem': publicKeyPem(privateKey),
        signature: Buffer.from(signatures[0].sig, 'base64'),
        bytes,
      },
      ...['dgst', '-sha256', '-verify', 'key.pem', '-signature', 'signature', 'bytes'],
    );
  expect((await verify(encoded))()).toContain('Verified OK');
  expect(await verify(encoded.slice(1))).toThrow();
});

test.skipIf(skipped)(`openssl verifies the signature of a metadata file${skipped}`, async () => {
  const { privateKey } = generateKeyPairSync('ed25519');
  const file = signMetadata({ b: 1, a: 'line\nbreak' }, [createTufSigner(privateKey)]);
  const { signed, signatures } = JSON.parse(new TextDecoder().decode(file));
  const verify = (bytes: string) =>
    openssl(
      {
        'key.pem': publicKeyPem(privateKey),
        signature: Buffer.from(signatures[0].sig, 'hex'),
        bytes,
      },
      ...['pkeyutl', '-verify', '-pubin', '-inkey', 'key.pem', '-rawin', '-in', 'bytes'],
      ...['-sigfile', 'signature'],
    );
  expect((await verify(canonicalJson(signed)))()).toContain('Verified Successfully');
  expect(await verify(canonicalJson({ ...signed, b: 2 }))).toThrow();
});

test.skipIf(skipped)(`openssl opens an encrypted key with its passphrase${skipped}`, async () => {
  const { privateKey } = generateKeyPairSync('ed25519');
  const passphrase = 'pässphrase of a test';
  const read = (password: string) =>
    openssl(
      { 'key.pem': privateKeyPem(privateKey, passphrase) },
      ...['pkey', '-in', 'key.pem', '-passin', `pass:${password}`, '-pubout'],
    );
  expect((await read(passphrase))()).toBe(publicKeyPem(privateKey));
  expect(await read('another')).toThrow();
});

test.skipIf(skipped)(`a key that openssl encrypted signs${skipped}`, async () => {
  const directory = await temporaryDirectory();
  const file = join(directory, 'timestamp.pem');
  const make = ['genpkey', '-algorithm', 'ed25519', '-aes-256-cbc', '-pass', 'pass:theirs'];
  execFileSync('openssl', [...make, '-out', file], { stdio: 'pipe' });
  const [held] = await readHeldKeys({ keys: directory, passphrase: 'theirs' }, ['timestamp']);
  expect(held).toMatchObject({ role: 'timestamp', origin: file });
});

test.skipIf(skipped)(`a model key that openssl made signs${skipped}`, async () => {
  const directory = await temporaryDirectory();
  const file = join(directory, 'model.pem');
  // It writes two blocks: the curve's name, then the key (RFC 5915).
  const make = ['ecparam', '-name', 'prime256v1', '-genkey', '-out', file];
  execFileSync('openssl', make, { stdio: 'pipe' });
  const [held] = await readHeldKeys({ keys: directory }, ['model']);
  expect(held).toMatchObject({ role: 'model', origin: file });
});

test.skipIf(skipped)(
  `an encrypted key of the command takes 600,000 rounds of PBKDF2, as openssl reads it${skipped}`,
  async () => {
    const out = await temporaryDirectory();
    const command = new URL('../../bin/nearside.js', import.meta.url).pathname;
    const words = [command, 'keygen', '--out', out, '--role', 'model'];
    const env = { ...process.env, NEARSIDE_PASSPHRASE: 'correct horse battery staple' };
    execFileSync(process.execPath, words, { env });
    const pem = await readFile(join(out, 'model.pem'));
    const parsed = (await openssl({ 'key.pem': pem }, 'asn1parse', '-in', 'key.pem'))();
    expect(parsed).toMatch(/INTEGER +:0927C0\n/); // 600,000
  },
);
