import { cp, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runIn } from './processes.mjs';

/**
 * Makes a fresh app, and installs it as its user would.
 *
 * @param {string} dir that does not exist yet
 * @param {import('./lane.mjs').Lane} lane
 * @param {Record<string, string>} packages the packed ones, by name
 */
export async function makeApp(dir, { files, dependencies = {} }, packages) {
  await mkdir(dir);
  const app = { private: true, type: 'module', dependencies: { ...packages, ...dependencies } };
  await writeFiles(dir, { 'package.json': JSON.stringify(app), ...files });
  await runIn(dir, ['npm', 'install', '--prefer-offline', '--no-audit', '--no-fund']);
}

/** @param {Record<string, string>} files by path in the folder */
export async function writeFiles(dir, files) {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), text);
  }
}

/** @param {Record<string, string>} copies from and to */
export async function copyFiles(dir, copies = {}) {
  for (const [from, to] of Object.entries(copies)) {
    await cp(join(dir, from), join(dir, to), { recursive: true });
  }
}

/** @returns {Promise<{ buildBytes: number, largestFileBytes: number }>} of all files of a folder, as they are */
export async function measureFolder(dir) {
  const entries = await readdir(dir, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(
    files.map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size),
  );
  return {
    buildBytes: sizes.reduce((sum, size) => sum + size, 0),
    largestFileBytes: Math.max(...sizes),
  };
}
