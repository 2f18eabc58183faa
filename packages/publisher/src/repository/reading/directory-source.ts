import { readFile, stat } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import type { FetchOptions, RepositorySource } from '@nearside/artifact';
import { NearsideError } from '@nearside/core';

/** The files of a repository in a local directory, read as a device reads them over HTTP. */
export function openDirectorySource(directory: string): RepositorySource {
  const base = resolve(directory);

  async function fetchIfPresent(path: string, { maxBytes, tooLarge }: FetchOptions) {
    const file = resolve(base, path);
    if (!file.startsWith(base + sep)) throw unsafe(path);
    const stats = await stat(file).catch(ifPresent);
    if (!stats) return undefined;
    if (!stats.isFile()) throw noFile(path, directory);
    if (stats.size > maxBytes) {
      throw new NearsideError(
        tooLarge ?? 'metadata-too-large',
        `${path}: expected at most ${maxBytes} bytes, got ${stats.size}.`,
        { details: { path, maxBytes } },
      );
    }
    const bytes = await readFile(file).catch(ifPresent);
    return bytes && new Uint8Array(bytes);
  }

  return {
    fetchIfPresent,
    async fetch(path, options) {
      const bytes = await fetchIfPresent(path, options);
      if (bytes) return bytes;
      throw new NearsideError(
        'file-missing',
        `${path}: expected this file in ${directory}, got none. The repository is incomplete: ` +
          'restore it from where it was last published.',
        { details: { directory, path } },
      );
    },
  };
}

function ifPresent(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
  throw error;
}

/** Nobody waits for a FIFO. */
function noFile(path: string, directory: string): NearsideError {
  return new NearsideError(
    'file-missing',
    `${path}: expected a file of this name in ${directory}, got a directory or something else. ` +
      'Restore the repository from where it was last published.',
    { details: { directory, path } },
  );
}

/** Names come from metadata, which somebody else may have written. */
function unsafe(path: string): NearsideError {
  return new NearsideError(
    'name-unsafe',
    `Expected a path inside the repository, got '${path}', which leads out of it.`,
    { details: { path } },
  );
}
