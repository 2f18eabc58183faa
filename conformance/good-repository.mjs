import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generateKeys, pack, publish } from '@nearside/publisher';
import { readRoleKeys, sha256 } from './metadata-signer.mjs';
import { readRepositoryFiles } from './repository-files.mjs';

const DIGITS = fileURLToPath(new URL('../models/digits', import.meta.url));

/**
 * A repository that the publisher made, and what it takes to attack it.
 *
 * @typedef {object} GoodRepository
 * @property {string} directory
 * @property {string} model
 * @property {import('./repository-files.mjs').RepositoryFiles} first with one version published
 * @property {import('./repository-files.mjs').RepositoryFiles} second with another one after it
 * @property {Record<string, import('./metadata-signer.mjs').SigningKey>} keys by TUF role
 * @property {string} keyDirectory
 * @property {readonly string[]} targets TUF target names of both bundles, newest first
 * @property {Buffer} digests what the newest bundle's subject is the hash of
 */

/** Packs the digits model as two versions and publishes one after the other. */
export async function makeGoodRepository(workDirectory) {
  const directory = join(workDirectory, 'repository');
  const keyDirectory = join(workDirectory, 'keys');
  await generateKeys({ out: keyDirectory });
  const release = async (version, sequence) => {
    const source = join(workDirectory, `digits-${version}`);
    const packed = join(workDirectory, `digits-${version}-packed`);
    await copyModel(source, { version, sequence });
    const { files } = await pack({ modelDirectory: source, out: packed });
    const publication = await publish({ packed, repository: directory, keys: keyDirectory });
    return { ...publication, packed, names: files.map(({ name }) => name) };
  };
  const { model } = await release('1.0.0', 1);
  const first = await readRepositoryFiles(directory);
  const { packed, names } = await release('1.1.0', 2);
  return {
    directory,
    model,
    first,
    second: await readRepositoryFiles(directory),
    keys: await readRoleKeys(keyDirectory),
    keyDirectory,
    targets: ['digits-1.1.0.oms.json', 'digits-1.0.0.oms.json'],
    digests: await digestsOf(packed, names),
  };
}

async function copyModel(to, identity) {
  await cp(DIGITS, to, { recursive: true, filter: (path) => !path.includes('/digits/train') });
  const file = join(to, 'model.json');
  const spec = JSON.parse(await readFile(file, 'utf8'));
  await writeFile(file, JSON.stringify({ ...spec, ...identity }));
}

/** OMS: all files' SHA-256, raw, in order of the names, from the disk and not from the bundle. */
async function digestsOf(packed, names) {
  const all = [...new Set([...names, 'layout.json'])].sort();
  const digests = all.map(async (name) => sha256(await readFile(join(packed, name))));
  return Buffer.from((await Promise.all(digests)).join(''), 'hex');
}
