import { appendFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeIfChanged } from '../../files/replace-file.js';

/** Writes files of a repository, each whole or not at all, whatever readers do meanwhile. */
export interface RepositoryWriter {
  /** @returns false if the file held exactly these bytes, and nothing was written */
  write(path: string, bytes: Uint8Array): Promise<boolean>;
  /** Adds to the end of a file, which is made when missing. */
  append(path: string, text: string): Promise<void>;
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
      if (!(await writeIfChanged(join(directory, path), bytes))) return false;
      totals.files += 1;
      totals.sizeBytes += bytes.length;
      return true;
    },
    append: (path, text) => appendFile(join(directory, path), text, { flush: true }),
    remove: (path) => rm(join(directory, path), { force: true }),
    async list(path) {
      const names = await readdir(join(directory, path)).catch(() => []);
      return names.filter((name) => !name.startsWith('.')).sort();
    },
  };
}
