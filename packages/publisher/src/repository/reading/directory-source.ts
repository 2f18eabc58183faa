import { readFile } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import type { FetchOptions, RepositorySource } from '@nearside/artifact';
import { NearsideError } from '@nearside/core';

/** The files of a repository in a local directory, read as a device reads them over HTTP. */
export function openDirectorySource(directory: string): RepositorySource {
  const base = resolve(directory);

  async function fetchIfPresent(path: string, { maxBytes, tooLarge }: FetchOptions) {
    const file = resolve(base, path);
    if (!file.startsWith(base + sep)) throw unsafe(path);
    const bytes = await readFile(file).catch((error) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (bytes && bytes.length > maxBytes) {
      throw new NearsideError(
        tooLarge ?? 'metadata-too-large',
        `${path}: expected at most ${maxBytes} bytes, got ${bytes.length}.`,
        { details: { path, maxBytes } },
      );
    }
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

/** Names come from metadata, which somebody else may have written. */
function unsafe(path: string): NearsideError {
  return new NearsideError(
    'name-unsafe',
    `Expected a path inside the repository, got '${path}', which leads out of it.`,
    { details: { path } },
  );
}
