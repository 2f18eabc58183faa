import { realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { listFiles } from '../files/list-files.js';
import { readIfFile } from '../files/read-small-file.js';
import { isDirectory, isFile, sizeOf } from '../files/stat-path.js';
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
  return exposedOf([directory, ...(await privateKeyFiles(directory))]);
}

/** A pipe, as a shell gives it for a command's output, is gone when it was read. */
async function exposedOf(paths: readonly string[]): Promise<string[]> {
  if (process.platform === 'win32') return [];
  const exposed: string[] = [];
  for (const path of paths) {
    const stats = await stat(path).catch(() => undefined); // the command that needs it says why it cannot be read
    const isKept = stats?.isFile() || stats?.isDirectory();
    if (isKept && ((stats?.mode ?? 0) & 0o077) !== 0) exposed.push(path);
  }
  return exposed;
}

/** @returns a warning where others than its owner may read or write the file of the passphrase */
export async function passphraseWarnings(): Promise<string[]> {
  const { NEARSIDE_PASSPHRASE: text, NEARSIDE_PASSPHRASE_FILE: file } = process.env;
  if (text || !file) return [];
  return (await exposedOf([file])).map(
    (path) =>
      `${path}: expected a passphrase that its owner alone may read, got one that others may read or ` +
      'write too. With it a copied key signs: `chmod 600` it.',
  );
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
  if (published.length > 0) warnings.push(publishedKeys(published, repository));
  return warnings;
}

function publishedKeys(files: readonly string[], repository: string): string {
  return (
    `${files.join(', ')}: expected private keys outside the repository ${repository}, got ones ` +
    'inside, which are published with it. Move them elsewhere, and replace them if they were ' +
    'ever uploaded (`nearside rotate-root --replace`).'
  );
}

/** A private key in PEM, whatever it is called. */
const PRIVATE_PEM = /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/;
/** An RSA key of 16,384 bits takes 13 KB. */
const LARGEST_KEY_BYTES = 16_384;

/** @returns a warning of private keys that lie anywhere in a repository's directory; none for a URL */
export async function warnOfPublishedKeys(repository: string): Promise<string[]> {
  const found: string[] = [];
  for (const file of await filesToUpload(repository)) {
    if (!(await isFile(file))) continue;
    if ((await sizeOf(file)) > LARGEST_KEY_BYTES) continue;
    const text = await readIfFile(file).catch(() => undefined);
    if (text && PRIVATE_PEM.test(text.toString('latin1'))) found.push(file);
  }
  return found.length > 0 ? [publishedKeys(found, repository)] : [];
}

/** Servers and programs that upload follow links to folders. */
async function filesToUpload(repository: string): Promise<string[]> {
  const files: string[] = [];
  for (const name of (await listFiles(repository).catch(() => undefined)) ?? []) {
    const path = join(repository, name);
    const within = (await isDirectory(path)) ? await listFiles(path).catch(() => []) : undefined;
    files.push(...(within?.map((inner) => join(path, inner)) ?? [path]));
  }
  return files;
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
