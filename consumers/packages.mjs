import { mkdir } from 'node:fs/promises';
import { packPackages as packStaged } from '../scripts/stage-packages.mjs';

/** What `npm install nearside @nearside/publisher` brings of ours. */
const PACKAGES = ['core', 'artifact', 'pipeline', 'nearside', 'publisher'];

/**
 * Packs the packages as they are published.
 *
 * @param {string} dir where the tarballs go
 * @returns {Promise<Record<string, string>>} the dependencies of an app, by name of the package
 */
export async function packPackages(dir) {
  await mkdir(dir);
  const tarballs = Object.entries(await packStaged(dir, PACKAGES));
  return Object.fromEntries(tarballs.map(([name, path]) => [name, `file:${path}`]));
}
