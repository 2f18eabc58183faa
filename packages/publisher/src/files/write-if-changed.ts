import { randomBytes } from 'node:crypto';
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { PublisherError } from '../errors/publisher-error.js';
import { makeDirectory } from './make-directory.js';

/**
 * Writes a file, whole or not at all, whatever readers do meanwhile, and the directories above it.
 *
 * @returns false if the file held exactly these bytes, and nothing was written
 * @throws NearsideError `output-exists` if something other than a file has that name
 */
export async function writeIfChanged(file: string, bytes: Uint8Array): Promise<boolean> {
  if (await holds(file, bytes)) return false;
  await writeHidden(file, bytes);
  return true;
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
async function writeHidden(file: string, bytes: Uint8Array): Promise<void> {
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
