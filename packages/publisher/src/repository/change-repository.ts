import type { RepositorySource } from '@nearside/artifact';
import { openDirectorySource } from './reading/open-repository.js';
import { type RepositoryState, readRepository } from './reading/read-repository.js';
import { lockRepository } from './repository-lock.js';
import { writeBootFiles } from './writing/boot-files.js';
import { openRepositoryWriter, type RepositoryWriter } from './writing/repository-writer.js';

/** A repository that nobody else changes meanwhile. */
export interface LockedRepository {
  readonly source: RepositorySource;
  /** What it says so far, verified; undefined where there is none. */
  readonly before: RepositoryState | undefined;
  readonly writer: RepositoryWriter;
}

export interface ChangedRepository<Result> {
  readonly result: Result;
  readonly after: RepositoryState | undefined;
  readonly written: RepositoryWriter['totals'];
}

/**
 * Changes a repository, one publisher at a time. `change` writes what it signed, each file after
 * those it names; the boot files, which repeat the metadata, follow by themselves. Ended anywhere,
 * the repository is what it was or what it will be, and the same call again completes it.
 *
 * @returns the result, what the repository says now, and what was written with the boot files: nothing where
 *   nothing changed
 * @throws NearsideError `repository-locked`, a trust code when the repository does not verify, or
 *   what `change` throws
 */
export async function changeRepository<Result>(
  directory: string,
  change: (repository: LockedRepository) => Promise<Result>,
  { read = readRepository }: { read?: typeof readRepository } = {},
): Promise<ChangedRepository<Result>> {
  await using _lock = await lockRepository(directory);
  const source = openDirectorySource(directory);
  const writer = openRepositoryWriter(directory);
  const result = await change({ source, before: await read(source), writer });
  const after = await readRepository(source);
  if (after) await writeBootFiles(source, after, writer);
  return { result, after, written: writer.totals };
}
