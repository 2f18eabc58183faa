import { link, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * What verifiers read of a repository: path → bytes of `metadata/` and `targets/`. Chunks stay
 * where they are, and boot files are left out: they answer instead of the metadata, and would hide
 * from our device what is done to it.
 *
 * @typedef {ReadonlyMap<string, Buffer>} RepositoryFiles
 */

/** @returns {Promise<RepositoryFiles>} */
export async function readRepositoryFiles(directory) {
  const files = new Map();
  for (const folder of ['metadata', 'targets']) {
    for (const name of await readdir(join(directory, folder))) {
      files.set(`${folder}/${name}`, await readFile(join(directory, folder, name)));
    }
  }
  return files;
}

/**
 * Writes `files` as a repository that shares the chunks of another.
 *
 * @param {string} directory
 * @param {RepositoryFiles} files
 * @param {string} [chunksOf] directory of the repository with the chunks
 */
export async function writeRepositoryFiles(directory, files, chunksOf) {
  await mkdir(directory, { recursive: true });
  for (const [path, bytes] of files) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), bytes);
  }
  if (chunksOf) await linkChunks(join(chunksOf, 'chunks'), join(directory, 'chunks'));
}

/** @param {(bytes: Buffer) => Uint8Array} damage */
export function damaged(files, path, damage) {
  return withFiles(files, { [path]: damage(need(files, path)) });
}

/** A copy with some files replaced or added. */
export function withFiles(files, changed) {
  const entries = Object.entries(changed).map(([path, bytes]) => [path, Buffer.from(bytes)]);
  return new Map([...files, ...entries]);
}

export function withoutFile(files, path) {
  need(files, path);
  return new Map([...files].filter(([name]) => name !== path));
}

/** @returns {Buffer} */
export function need(files, path) {
  const bytes = files.get(path);
  if (!bytes)
    throw new Error(`${path}: expected in the repository, which has ${[...files.keys()]}`);
  return bytes;
}

/** Where the newest file of each role lies, as an honest reader finds it. */
export function currentPaths(files) {
  const signedAt = (path) => JSON.parse(need(files, path).toString()).signed;
  const snapshot = signedAt('metadata/timestamp.json').meta['snapshot.json'].version;
  const snapshotPath = `metadata/${snapshot}.snapshot.json`;
  const targets = signedAt(snapshotPath).meta['targets.json'].version;
  let root = 1;
  while (files.has(`metadata/${root + 1}.root.json`)) root += 1;
  return {
    root: `metadata/${root}.root.json`,
    timestamp: 'metadata/timestamp.json',
    snapshot: snapshotPath,
    targets: `metadata/${targets}.targets.json`,
  };
}

/** The same files under a second name, because `nearside serve` follows no symbolic link. */
async function linkChunks(from, to) {
  await mkdir(to);
  for (const name of await readdir(from)) await link(join(from, name), join(to, name));
}
