import type { RepositorySource } from '@nearside/artifact';
import { openDirectorySource } from './reading/open-repository.js';
import { type RepositoryState, readRepository } from './reading/read-repository.js';
import { lockRepository } from './repository-lock.js';
import { writeBootFiles } from './writing/boot-files.js';
import { openRepositoryWriter, type RepositoryWriter } from './writing/repository-writer.js';

/** A repository that nobody else changes meanwhile. */
export interface LockedRepository {
  readonly source: RepositorySource;
  /** Its verified state so far; undefined if there is none. */
  readonly before: RepositoryState | undefined;
  readonly writer: RepositoryWriter;
}

/** A repository with its verified state. */
export interface PublishedRepository extends Pick<LockedRepository, 'source'> {
  readonly before: RepositoryState;
}

export interface ChangedRepository<Result> {
  readonly result: Result;
  readonly after: RepositoryState | undefined;
  readonly written: RepositoryWriter['totals'];
}

/**
 * Changes a repository, one publisher at a time. `change` writes the files it signed, each after those it names. The
 * boot files, which repeat the metadata, are then written. If it is ended anywhere, devices see the old or the new
 * state, and the same call again completes it.
 *
 * @returns the result, the new state, and the totals of written files, boot files included
 * @throws NearsideError `repository-locked`, a trust code when the repository does not verify, or the error of
 *   `change`
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
