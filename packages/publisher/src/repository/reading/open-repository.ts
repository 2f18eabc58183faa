import { readFile, stat } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import { type FetchOptions, openRepositorySource, type RepositorySource } from '@nearside/artifact';
import { NearsideError } from '@nearside/core';
import { type RepositoryState, readRepository } from './read-repository.js';

/** Opens a repository by its directory or its URL, for reading. */
export function openRepository(location: string): RepositorySource {
  if (!/^https?:\/\//.test(location)) return openDirectorySource(location);
  return openRepositorySource(location.replace(/\/*$/, '/'), {});
}

/**
 * @param nowMs time at which its metadata must be valid; by default expired metadata is read too
 * @throws NearsideError `file-missing` when there is no repository, or a trust code when it does not verify
 */
export async function requireRepository(
  source: RepositorySource,
  location: string,
  { nowMs }: { readonly nowMs?: number } = {},
): Promise<RepositoryState> {
  return requirePublished(await readRepository(source, { nowMs }), location);
}

/** @throws NearsideError `file-missing` */
export function requirePublished<State extends RepositoryState>(
  state: State | undefined,
  location: string,
): State {
  if (state) return state;
  throw new NearsideError(
    'file-missing',
    `${location}: expected a repository, got no metadata/1.root.json there. Give the directory ` +
      'that `nearside publish --repo` wrote, or its URL. Of a sealed model `nearside inspect` and `nearside verify ' +
      '--integrity` take the folder that `nearside seal --out` wrote.',
    { details: { location } },
  );
}

/** Reads the files of a repository in a local directory as a device reads them over HTTP. */
export function openDirectorySource(directory: string): RepositorySource {
  if (/^https?:\/\//i.test(directory)) {
    throw new TypeError(`expected a directory of this machine, got the address ${directory}.`);
  }
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

/** A FIFO counts as no file, because reading it waits. */
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

/** @throws NearsideError `pin-mismatch` */
export function requirePin(got: string, expected: string): void {
  if (got === expected) return;
  throw new NearsideError(
    'pin-mismatch',
    `The repository's first root metadata: expected ${expected}, got ${got}. Either the address ` +
      'or `--trust` is of another repository, or somebody replaced its root.',
    { details: { expected, got } },
  );
}
