import { execFile } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { verdictOf } from './verdict.mjs';

const run = promisify(execFile);

const TRUSTED_ROOT = '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}';
const PREDICATE_TYPE = 'https://model_signing/signature/v1.0';

/**
 * Verifies a bundle as an OMS signature over files, of which it sees the concatenated digests.
 *
 * @param {string} workDirectory
 */
export function createCosign(workDirectory) {
  return {
    name: 'cosign',
    /** @param {{ bundle: Buffer, publicKeyPem: string, digests: Buffer }} options */
    judgeBundle({ bundle, publicKeyPem, digests }) {
      return verdictOf(async () => {
        const cwd = await mkdtemp(join(workDirectory, 'cosign-'));
        const contents = {
          'key.pem': publicKeyPem,
          'model.sig': bundle,
          'trusted-root.json': TRUSTED_ROOT,
          'digests.bin': digests,
        };
        for (const [name, bytes] of Object.entries(contents)) {
          await writeFile(join(cwd, name), bytes);
        }
        const words = ['verify-blob-attestation', '--key', 'key.pem', '--bundle', 'model.sig'];
        const flags = ['--new-bundle-format', '--insecure-ignore-tlog', '--trusted-root'];
        const type = ['trusted-root.json', '--type', PREDICATE_TYPE, 'digests.bin'];
        // An empty home: cosign looks for a trust root of its own there.
        await run('cosign', [...words, ...flags, ...type], {
          cwd,
          env: { ...process.env, HOME: cwd },
        });
      }, reasonOf);
    },
  };
}

function reasonOf(error) {
  if (error.code === 'ENOENT') throw error;
  const lines = String(error.stderr).trim().split('\n');
  const line = lines.findLast((text) => /error/i.test(text)) ?? lines.at(-1) ?? '';
  return line.replace(/^(?:main\.go:\d+: )?error during command execution: /, '').slice(0, 60);
}
