import { lstat, rmdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type LockHolder, readLockHolder, takeFileLock } from '@nearside/artifact/file-lock';
import { PublisherError } from '../errors/publisher-error.js';
import { makeDirectory } from '../files/make-directory.js';

/** The file is hidden, so that no server shows it and no upload takes it along. */
const LOCK_FILE = '.lock';

/** One publisher waits this long for another, ms. Most are done within seconds. */
const WAIT_MS = 60_000;

/**
 * Locks a repository directory for one publisher at a time, and makes it if it is missing. A lock whose process is
 * gone is taken over. If nobody here can tell, because the process is on another machine or in another container, the
 * lock stays until somebody removes it. Two publishers at once would lose a release.
 *
 * @returns a lock that is released when disposed of
 * @throws NearsideError `repository-locked` when it is still held after `waitMs`
 */
export async function lockRepository(
  directory: string,
  { waitMs = WAIT_MS }: { waitMs?: number } = {},
): Promise<AsyncDisposable> {
  const file = join(directory, LOCK_FILE);
  let endMs: number | undefined;
  let made: string | undefined;
  for (;;) {
    made = (await makeDirectory(directory)) ?? made;
    const stats = await lstat(file).catch(() => undefined);
    if (stats && !stats.isFile()) throw locked(file, undefined); // no publisher made this
    // The clock starts right before the first try, which is made in any case.
    endMs ??= performance.now() + waitMs;
    const deadline = AbortSignal.timeout(Math.max(0, Math.ceil(endMs - performance.now())));
    const release = await takeFileLock(file, { signal: deadline }).catch(async (error) => {
      if (error === deadline.reason) throw locked(file, await readLockHolder(file));
      // The publisher that has just unlocked had made the directory, and removed it.
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (!release) continue;
    return {
      async [Symbol.asyncDispose]() {
        await release();
        if (made) await removeEmpty(directory, made);
      },
    };
  }
}

/** A refused first publish leaves nothing behind. A directory with anything in it stays. */
async function removeEmpty(directory: string, topmost: string): Promise<void> {
  const isRemoved = await rmdir(directory).then(
    () => true,
    () => false,
  );
  if (isRemoved && resolve(directory) !== resolve(topmost)) {
    await removeEmpty(dirname(directory), topmost);
  }
}

function locked(file: string, holder: LockHolder | undefined): PublisherError {
  const who = holder
    ? `process ${holder.pid} on ${holder.host} has held since ${holder.since}`
    : 'cannot be read';
  return new PublisherError(
    'repository-locked',
    `${file}: expected no other publisher at work, got a lock that ${who}. Try again when that ` +
      'one is done. A publisher that was killed on another machine, in another container or before ' +
      'a restart leaves its lock behind: when no publisher is running any more, remove the file.',
    { details: { file, ...holder }, retryable: true },
  );
}
