import { link, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { type LockHolder, parseLockHolder, stateOf, thisHolder } from './lock-holder.js';

export type { LockHolder } from './lock-holder.js';

const DEFAULTS = Object.freeze({
  /** How often a waiting process looks again, ms. */
  pollMs: 50,
  /** How often a holder touches its file, ms. */
  heartbeatMs: 5_000,
  /** A file that nobody has touched for so long, ms, by the clock of the one who waits … */
  silentMs: 10 * 60_000,
  /** … nor while it was watched for so long, ms: clocks differ, and machines sleep. */
  watchedMs: 20_000,
});

/**
 * Waits until this process alone holds a lock file, which several processes and machines may share.
 *
 * A holder whose process is gone from this machine is taken over at once; one that is there keeps
 * its lock however long it computes. Of one on another machine nobody here can tell: it is taken
 * over when its file was not touched for ten minutes, as is one whose file cannot be read.
 *
 * @param file in a directory that exists
 * @param signal ends the waiting, with its reason
 * @returns a function that lets go of it
 * @throws the error of the file system when the file cannot be made
 */
export async function takeFileLock(
  file: string,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<() => Promise<void>> {
  signal?.throwIfAborted();
  const holder = await thisHolder();
  const isSilent = watchForSilence();
  while (!(await tryTake(file, holder, isSilent))) {
    signal?.throwIfAborted();
    await delay(DEFAULTS.pollMs);
  }
  const heartbeat = setInterval(() => {
    const now = new Date();
    utimes(file, now, now).catch(() => {});
  }, DEFAULTS.heartbeatMs);
  heartbeat.unref();
  return async () => {
    clearInterval(heartbeat);
    if ((await readLockHolder(file))?.token === holder.token) await rm(file, { force: true });
  };
}

/** @returns undefined when nobody holds the lock, or its file cannot be read */
export async function readLockHolder(file: string): Promise<LockHolder | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : parseLockHolder(text);
}

/**
 * Of several that find the same dead holder one alone may remove its file, or the slower ones would
 * remove the lock of the fastest. So that one holds a lock of its own, named after the dead holder.
 */
async function tryTake(file: string, holder: LockHolder, isSilent: IsSilent): Promise<boolean> {
  if (await tryCreate(file, holder)) return true;
  const other = await readLockHolder(file);
  // NFS may deny a link that it has made, when its answer was lost: link(2), under BUGS.
  if (other?.token === holder.token) return true;
  if (!(await isGone(file, other, isSilent))) return false;
  const removal = `${file}.${other?.token ?? 'unreadable'}`;
  if (!(await tryTake(removal, holder, isSilent))) return false;
  try {
    const still = await readLockHolder(file);
    if (still?.token !== other?.token || !(await isGone(file, still, isSilent))) return false;
    await rm(file, { force: true });
    return await tryCreate(file, holder);
  } finally {
    await rm(removal, { force: true });
  }
}

/** A link to a file that is whole already: a lock is never seen half written, nor left so. */
async function tryCreate(file: string, holder: LockHolder): Promise<boolean> {
  const content = JSON.stringify(holder);
  const whole = `${file}.${holder.token}`;
  try {
    await writeFile(whole, content, { flag: 'wx' });
    await link(whole, file).catch((error) => {
      // Some file systems have no links: a lock is then seen half written for a moment.
      if (!/^(?:EPERM|ENOSYS|ENOTSUP|EOPNOTSUPP)$/.test(error.code)) throw error;
      return writeFile(file, content, { flag: 'wx' });
    });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(whole, { force: true });
  }
}

async function isGone(
  file: string,
  holder: LockHolder | undefined,
  isSilent: IsSilent,
): Promise<boolean> {
  const state = holder ? await stateOf(holder) : 'unknown';
  return state === 'gone' || (state === 'unknown' && (await isSilent(file)));
}

type IsSilent = (file: string) => Promise<boolean>;

/** Tells of files whether nobody has touched them for long, which takes a while to find out. */
function watchForSilence(): IsSilent {
  const watched = new Map<string, { readonly mtimeMs: number; readonly sinceMs: number }>();
  return async (file) => {
    const mtimeMs = await stat(file).then(
      (stats) => stats.mtimeMs,
      () => undefined,
    );
    if (mtimeMs === undefined) return false;
    let seen = watched.get(file);
    if (seen?.mtimeMs !== mtimeMs) {
      seen = { mtimeMs, sinceMs: performance.now() };
      watched.set(file, seen);
    }
    return (
      Date.now() - mtimeMs > DEFAULTS.silentMs &&
      performance.now() - seen.sinceMs > DEFAULTS.watchedMs
    );
  };
}
