import { execFile } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { canonicalize } from '@tufjs/canonical-json';
import { currentPaths, need } from '../repository-files.mjs';
import { verdictOf } from './verdict.mjs';

const run = promisify(execFile);

/** `openssl dgst` would not see what stands after the longest signature that a key can make. */
const VERIFY = 'pkeyutl -verify -pubin -inkey key.pem -rawin -in bytes -sigfile signature'.split(
  ' ',
);

/**
 * One question only: do enough of a file's signatures hold? What is signed is put together here,
 * with another implementation's canonical JSON.
 *
 * @param {string} workDirectory for keys and signatures
 */
export function createOpenssl(workDirectory) {
  const inFiles = async (contents, words) => {
    const cwd = await mkdtemp(join(workDirectory, 'openssl-'));
    for (const [name, bytes] of Object.entries(contents)) await writeFile(join(cwd, name), bytes);
    return run('openssl', words, { cwd });
  };

  /** Ed25519, as TUF metadata is signed. */
  async function verifiesEd25519(publicHex, signature, bytes) {
    const x = Buffer.from(publicHex, 'hex').toString('base64url');
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    const contents = {
      'key.pem': key.export({ type: 'spki', format: 'pem' }),
      signature: Buffer.from(signature, 'hex'),
      bytes,
    };
    return inFiles(contents, VERIFY).then(
      () => true,
      () => false,
    );
  }

  async function requireThreshold(file, { keys, roles }, role) {
    const { signed, signatures } = JSON.parse(file.toString());
    const bytes = Buffer.from(canonicalize(signed));
    const signers = new Set();
    for (const { keyid, sig } of signatures) {
      if (!roles[role].keyids.includes(keyid)) continue;
      const { public: publicHex } = keys[keyid].keyval;
      if (await verifiesEd25519(publicHex, sig, bytes)) signers.add(publicHex);
    }
    if (signers.size < roles[role].threshold) {
      throw new Error(`${signers.size} of ${roles[role].threshold} signatures hold`);
    }
  }

  return {
    name: 'openssl',
    /** Whether the newest file of a role is signed as the root before it asks. */
    judgeRole(files, role) {
      return verdictOf(async () => {
        const file = need(files, currentPaths(files)[role]);
        const root = (path) => JSON.parse(need(files, path).toString()).signed;
        await requireThreshold(file, root('metadata/1.root.json'), role);
        if (role === 'root') await requireThreshold(file, JSON.parse(file.toString()).signed, role);
      }, reasonOf);
    },
    /** Whether a bundle's DSSE signature (ECDSA P-256, SHA-256) holds. */
    judgeBundle({ bundle, publicKeyPem }) {
      return verdictOf(async () => {
        const { payload, payloadType, signatures } = JSON.parse(bundle.toString()).dsseEnvelope;
        const body = Buffer.from(payload, 'base64');
        const type = Buffer.from(payloadType);
        const head = `DSSEv1 ${type.length} ${payloadType} ${body.length} `;
        const contents = {
          'key.pem': publicKeyPem,
          signature: Buffer.from(signatures[0].sig, 'base64'),
          bytes: Buffer.concat([Buffer.from(head), body]),
        };
        await inFiles(contents, [...VERIFY, '-digest', 'sha256']);
      }, reasonOf);
    },
  };
}

function reasonOf(error) {
  if (error.code === 'ENOENT') throw error;
  const output = `${error.stdout ?? ''}${error.stderr ?? ''}`;
  return /Verification failure|Error verifying/i.test(output) ? 'does not verify' : error.message;
}
