import { join } from 'node:path';
import { NearsideError, sum } from '@nearside/core';
import { listFiles } from '../files/list-files.js';
import { sizeOf } from '../files/stat-path.js';

export interface PlanOptions {
  /** Directory of the repository. */
  readonly repository: string;
}

export interface UploadPlan {
  /** Headers to set on every file, by the store or the CDN before it. */
  readonly headers: Readonly<Record<string, string>>;
  /** In the order to upload them; within a group the order does not matter. */
  readonly groups: readonly UploadGroup[];
}

export interface UploadGroup {
  readonly name: string;
  /** Pattern of the group's paths, for tools: `metadata/*.targets.json`. */
  readonly pattern: string;
  readonly cacheControl: string;
  /** Paths in the repository, sorted. */
  readonly files: readonly string[];
  readonly sizeBytes: number;
}

/**
 * A file comes after those it names, and the timestamp makes all of them visible at once. A root is new at the first
 * publish and after `rotate-root`, which prints its own order: if the old keys signed too, the new root comes after
 * the timestamp.
 */
const GROUPS = [
  ['chunks', 'chunks/*'],
  ['deltas', 'deltas/*'],
  ['bundles', 'targets/*'],
  ['targets metadata', 'metadata/*.targets.json'],
  ['snapshot metadata', 'metadata/*.snapshot.json'],
  ['root metadata', 'metadata/*.root.json'],
  ['timestamp', 'metadata/timestamp.json'],
  ['boot files', 'boot/*'],
] as const;

/** Every response of a repository carries these, so that pages of any origin may read it. */
export const COMMON_HEADERS = Object.freeze({
  'Access-Control-Allow-Origin': '*',
  'Cross-Origin-Resource-Policy': 'cross-origin',
});

/** @returns how long a file of a repository may be cached; three kinds change under their names */
export function cacheControlOf(path: string): string {
  const changes =
    path === 'metadata/timestamp.json' ||
    path.startsWith('boot/') ||
    path.endsWith('/nearside.json');
  return changes ? 'no-cache' : 'public, max-age=31536000, immutable';
}

/**
 * Plans the order and headers of an upload, so that no device reads a name before its content. Files that were
 * uploaded before may be left out if their `cacheControl` is `immutable`, because they never change under their name.
 *
 * @throws NearsideError `file-missing` when there is no such directory
 */
export async function planUpload({ repository }: PlanOptions): Promise<UploadPlan> {
  const names = await listFiles(repository);
  if (!names) throw noDirectory(repository);
  const groups: UploadGroup[] = [];
  for (const [name, pattern] of GROUPS) {
    const files = names.filter((file) => matches(file, pattern));
    if (files.length === 0) continue;
    const sizes = await Promise.all(files.map((file) => sizeOf(join(repository, file))));
    groups.push({
      name,
      pattern,
      cacheControl: cacheControlOf(pattern),
      files,
      sizeBytes: sum(sizes),
    });
  }
  return { headers: COMMON_HEADERS, groups };
}

/** `*` stands for a part of one name. A name that begins with a dot is hidden and never matches. */
function matches(file: string, pattern: string): boolean {
  const [before = '', after] = pattern.split('*');
  if (after === undefined) return file === pattern;
  const middle = file.slice(before.length, file.length - after.length);
  return file === before + middle + after && /^[^./][^/]*$/.test(middle);
}

export function noDirectory(repository: string): NearsideError {
  return new NearsideError(
    'file-missing',
    `${repository}: expected the directory of a repository, got none. \`nearside publish --repo\` ` +
      'makes one.',
    { details: { directory: repository } },
  );
}
