import { readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { isUnfinished } from './temporary.js';

/**
 * Lists all files under a directory by their relative names with forward slashes, sorted. Links are listed, not
 * followed. Files that a writer has not finished, or has left when it was killed, are none yet.
 *
 * @param unfinished lists these too
 * @returns undefined when there is no such directory
 */
export async function listFiles(
  directory: string,
  { unfinished = false }: { readonly unfinished?: boolean } = {},
): Promise<string[] | undefined> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(
    (error) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    },
  );
  return entries
    ?.filter((entry) => !entry.isDirectory())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
    .map((name) => name.split(sep).join('/'))
    .filter((name) => unfinished || !isUnfinished(name))
    .sort();
}
