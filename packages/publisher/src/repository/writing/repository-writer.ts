import { randomBytes } from 'node:crypto';
import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { PublisherError } from '../../errors/publisher-error.js';
import { makeDirectory } from '../../files/make-directory.js';

/** Writes files of a repository, each whole or not at all, whatever readers do meanwhile. */
export interface RepositoryWriter {
  /** @returns false if the file held exactly these bytes, and nothing was written */
  write(path: string, bytes: Uint8Array): Promise<boolean>;
  /** Removes a file, if it is there. */
  remove(path: string): Promise<void>;
  /** Names in a directory without hidden ones; none if there is no such directory. */
  list(path: string): Promise<string[]>;
  readonly totals: { readonly files: number; readonly sizeBytes: number };
}

/** `write` throws NearsideError `output-exists` if something other than a file has that name. */
export function openRepositoryWriter(directory: string): RepositoryWriter {
  const totals = { files: 0, sizeBytes: 0 };
  return {
    totals,
    async write(path, bytes) {
      const file = join(directory, path);
      if (await holds(file, bytes)) return false;
      await replaceFile(file, bytes);
      totals.files += 1;
      totals.sizeBytes += bytes.length;
      return true;
    },
    remove: (path) => rm(join(directory, path), { force: true }),
    async list(path) {
      const names = await readdir(join(directory, path)).catch(() => []);
      return names.filter((name) => !name.startsWith('.')).sort();
    },
  };
}

async function holds(file: string, bytes: Uint8Array): Promise<boolean> {
  const stats = await stat(file).catch(() => undefined);
  if (!stats) return false;
  if (!stats.isFile())
    throw notOurs(file, stats.isDirectory() ? 'a directory' : 'a FIFO or device');
  if (stats.size !== bytes.length) return false;
  const present = await readFile(file).catch(() => undefined);
  return present?.equals(bytes) ?? false;
}

/** It is not opened, because reading from a FIFO waits; nor is it replaced. */
function notOurs(file: string, got: string): PublisherError {
  return new PublisherError(
    'output-exists',
    `${file}: expected a file that nearside wrote, or none, got ${got}. Remove it and try again.`,
    { details: { file, got } },
  );
}

/** Writes under a hidden name first, which no server shows, and flushes before renaming. */
async function replaceFile(file: string, bytes: Uint8Array): Promise<void> {
  const suffix = randomBytes(6).toString('hex');
  const temporary = join(dirname(file), `.${basename(file)}.${suffix}`);
  await makeDirectory(dirname(file));
  try {
    await writeFile(temporary, bytes, { flag: 'wx', flush: true });
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
