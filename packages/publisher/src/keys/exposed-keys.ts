import { realpath, stat } from 'node:fs/promises';
import { sep } from 'node:path';
import { KEY_ROLES, listKeyNumbers, privateKeyFile } from './key-files.js';

/** Every private key file in a directory, by role and number. */
async function privateKeyFiles(directory: string): Promise<string[]> {
  const files = KEY_ROLES.map(async (role) => {
    const numbers = await listKeyNumbers(directory, role);
    return numbers.map((number) => privateKeyFile(directory, role, number));
  });
  return (await Promise.all(files)).flat();
}

/**
 * Finds private keys in a directory that others than their owner may read or write, and the directory itself if so.
 * Finds none on Windows, where the mode has no permission bits.
 */
export async function findExposed(directory: string): Promise<string[]> {
  if (process.platform === 'win32') return [];
  const exposed: string[] = [];
  for (const path of [directory, ...(await privateKeyFiles(directory))]) {
    const mode = await stat(path).then(
      (stats) => stats.mode,
      () => 0, // the command that needs the key says why it cannot be read
    );
    if ((mode & 0o077) !== 0) exposed.push(path);
  }
  return exposed;
}

/**
 * @returns warnings about the place of private keys: others may read them, or they lie in the repository, which is
 *   uploaded. A directory that others may list is no danger by itself
 *
 * @param keys directory of the keys
 * @param repository directory or URL
 */
export async function keyWarnings(keys: string, repository: string): Promise<string[]> {
  const exposed = (await findExposed(keys)).filter((path) => path !== keys);
  const published = await findInside(await privateKeyFiles(keys), repository);
  const warnings: string[] = [];
  if (exposed.length > 0) {
    warnings.push(
      `${exposed.join(', ')}: expected private keys that their owner alone may read, got ones that ` +
        'others may read or write too. Whoever reads them can sign: `chmod 600` them.',
    );
  }
  if (published.length > 0) {
    warnings.push(
      `${published.join(', ')}: expected private keys outside the repository ${repository}, got ones ` +
        'inside, which are published with it. Move them elsewhere, and replace them if they were ' +
        'ever uploaded (`nearside rotate-root --replace`).',
    );
  }
  return warnings;
}

/** Finds the files that really lie in a directory, whatever links lead there. */
async function findInside(files: readonly string[], directory: string): Promise<string[]> {
  const base = await realpath(directory).catch(() => undefined);
  if (base === undefined) return [];
  const inside: string[] = [];
  for (const file of files) {
    const path = await realpath(file).catch(() => '');
    if (path.startsWith(base.endsWith(sep) ? base : base + sep)) inside.push(file);
  }
  return inside;
}
