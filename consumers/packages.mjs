import { mkdir, readdir } from 'node:fs/promises';
import { root } from '../scripts/root.mjs';
import { runIn } from './processes.mjs';

/** What `npm install nearside @nearside/publisher` brings of ours. */
const PACKAGES = ['core', 'artifact', 'pipeline', 'nearside', 'publisher'];

/**
 * Packs the packages as npm would publish them.
 *
 * @param {string} dir where the tarballs go
 * @returns {Promise<Record<string, string>>} the dependencies of an app, by name of the package
 */
export async function packPackages(dir) {
  await mkdir(dir);
  for (const name of PACKAGES) {
    const pack = ['npm', 'pack', '--silent', '--pack-destination', dir, '-w', `packages/${name}`];
    await runIn(root, pack);
  }
  const files = await readdir(dir);
  return Object.fromEntries(files.map((file) => [nameOf(file), `file:${dir}/${file}`]));
}

function nameOf(file) {
  return file.replace(/-\d+\.\d+\.\d+\.tgz$/, '').replace(/^nearside-/, '@nearside/');
}
