import { type RepositorySource, rootPath } from '@nearside/artifact';
import { isNearsideError } from '@nearside/core';
import { type RepositoryState, readRepository } from '../repository/reading/read-repository.js';

export interface InterruptedState extends RepositoryState {
  /** The newest root does not accept the metadata of the other roles, because a rotation ended halfway. */
  readonly voided: boolean;
}

/**
 * Reads a repository like {@link readRepository}. It also reads one whose rotation of a lost key ended between the
 * new root and the metadata of the new keys. The other roles' metadata is then verified by the newest root that still
 * accepts it.
 *
 * @throws NearsideError a trust code when no root accepts it
 */
export async function readInterrupted(
  source: RepositorySource,
): Promise<InterruptedState | undefined> {
  try {
    const state = await readRepository(source);
    return state && { ...state, voided: false };
  } catch (error) {
    if (!isUnaccepted(error)) throw error;
    return readUnderEarlierRoot(source, error);
  }
}

async function readUnderEarlierRoot(
  source: RepositorySource,
  reason: unknown,
): Promise<InterruptedState> {
  const newest = await readRepository(withoutTimestamp(source));
  const roots = newest?.trusted.rootChain.length ?? 0;
  for (let version = roots - 1; version >= 1; version -= 1) {
    try {
      const earlier = await readRepository(withoutRootsAbove(version, source));
      if (!newest || !earlier) break;
      const { root, rootChain } = newest.trusted;
      return { pin: newest.pin, trusted: { ...earlier.trusted, root, rootChain }, voided: true };
    } catch (error) {
      if (!isUnaccepted(error)) throw error;
    }
  }
  throw reason;
}

function isUnaccepted(error: unknown): boolean {
  return isNearsideError(error) && /^(?:signature-invalid|threshold-not-met)$/.test(error.code);
}

function withoutTimestamp(source: RepositorySource): RepositorySource {
  return {
    ...source,
    fetchIfPresent: async (path, options) =>
      /\.root\.json$/.test(path) ? source.fetchIfPresent(path, options) : undefined,
  };
}

function withoutRootsAbove(version: number, source: RepositorySource): RepositorySource {
  return {
    ...source,
    fetchIfPresent: async (path, options) =>
      path === rootPath(version + 1) ? undefined : source.fetchIfPresent(path, options),
  };
}
