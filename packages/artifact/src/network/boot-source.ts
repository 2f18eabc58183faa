import { NearsideError } from '@nearside/core';
import type { RepositorySource } from './repository-source.js';

/**
 * Reads a repository through its boot file. All metadata comes from there, so that a walk makes no request; other
 * files come from there if it has them.
 *
 * @param files path → bytes, from `parseBootFile`
 */
export function bootSource(
  files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>,
  source: RepositorySource,
): RepositorySource {
  return {
    async fetch(path, options) {
      const bytes = files.get(path);
      if (bytes) return bytes;
      if (!isMetadata(path)) return source.fetch(path, options);
      throw new NearsideError('network-failed', `${path}: expected it in the boot file, got none.`);
    },
    async fetchIfPresent(path, options) {
      return isMetadata(path) ? files.get(path) : source.fetchIfPresent(path, options);
    },
  };
}

function isMetadata(path: string): boolean {
  return path.startsWith('metadata/');
}
