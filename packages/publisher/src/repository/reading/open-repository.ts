import { openRepositorySource, type RepositorySource } from '@nearside/artifact';
import { NearsideError } from '@nearside/core';
import { openDirectorySource } from './directory-source.js';
import { type RepositoryState, readRepository } from './read-repository.js';

/** A repository by its directory or its URL, to read from. */
export function openRepository(location: string): RepositorySource {
  if (!/^https?:\/\//.test(location)) return openDirectorySource(location);
  return openRepositorySource(location.replace(/\/*$/, '/'), {
    request: undefined,
    signal: undefined,
  });
}

/** @throws NearsideError `file-missing` when there is no repository, or why it does not verify */
export async function requireRepository(
  source: RepositorySource,
  location: string,
): Promise<RepositoryState> {
  return requirePublished(await readRepository(source), location);
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
      'that `nearside publish --repo` wrote, or its URL.',
    { details: { location } },
  );
}
