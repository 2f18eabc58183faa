import { link, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PublisherError } from '../errors/publisher-error.js';
import { isCode, makeDirectory } from './make-directory.js';
import { unfinishedBeside } from './temporary.js';

/** Writes a file beside its place and moves it there, so that nobody ever sees half of it. */
export async function replaceFile(
  path: string,
  write: (unfinished: string) => Promise<void>,
): Promise<void> {
  await using unfinished = await unfinishedBeside(path);
  await write(unfinished.path);
  await rename(unfinished.path, path);
}

/**
 * Writes a file on disk, whole or not at all, whatever readers do meanwhile, and the directories above it.
 *
 * @returns false if the file held exactly these bytes, and nothing was written
 * @throws NearsideError `output-exists` if something other than a file has that name
 */
export async function writeIfChanged(file: string, content: Uint8Array | string): Promise<boolean> {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  if (await holds(file, bytes)) return false;
  await makeDirectory(dirname(file));
  await replaceFile(file, (unfinished) =>
    writeFile(unfinished, bytes, { flag: 'wx', flush: true }),
  );
  return true;
}

/**
 * Writes a file that is not there yet, whole or not at all.
 *
 * @returns false if something has that name
 */
export async function writeIfAbsent(
  file: string,
  text: string,
  { mode }: { readonly mode?: number | undefined } = {},
): Promise<boolean> {
  await using unfinished = await unfinishedBeside(file);
  await writeFile(unfinished.path, text, { flag: 'wx', mode, flush: true });
  try {
    await link(unfinished.path, file).catch((error) => {
      // Some file systems have no links. A file is then half written for a moment.
      if (!/^(?:EPERM|ENOSYS|ENOTSUP|EOPNOTSUPP)$/.test(error.code)) throw error;
      return writeFile(file, text, { flag: 'wx', mode, flush: true });
    });
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw error;
  }
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
