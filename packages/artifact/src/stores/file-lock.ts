import { link, lstat, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { type LockHolder, parseLockHolder, stateOf, thisHolder } from '@nearside/core/lock-holder';

export type { LockHolder } from '@nearside/core/lock-holder';

const DEFAULTS = Object.freeze({
  /** A waiting process looks so often, ms. */
  pollMs: 50,
  /** A holder touches its file so often, ms. */
  heartbeatMs: 5_000,
  /** A holder counts as silent when its file was watched for so long and not touched, ms. */
  silentMs: 60_000,
});

export interface FileLockOptions {
  /** Ends the waiting, with its reason. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Takes the lock from a holder that is silent for a minute, where nobody here can tell whether it still runs. A
   * process that was stopped for so long goes on afterwards as if it held the lock, so use this only for data that
   * survives that. By default such a lock is never taken.
   */
  readonly takesSilent?: boolean | undefined;
}

/**
 * Waits until this process alone holds a lock file, which several processes, containers and machines may share.
 *
 * The lock of a process that is known to be gone is taken over at once. A process that is known to run keeps its lock
 * however long it computes. Nobody here can tell about a process on another machine, in another container or where
 * there is no /proc, nor about a file that cannot be read.
 *
 * @param file in a directory that exists
 * @returns a function that releases it
 * @throws the error of the file system when the file cannot be made
 */
export async function takeFileLock(
  file: string,
  { signal, takesSilent = false }: FileLockOptions = {},
): Promise<() => Promise<void>> {
  signal?.throwIfAborted();
  const me = thisHolder();
  const isSilent = takesSilent ? watchForSilence() : async () => false;
  while (!(await tryTake(file, me, isSilent))) {
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
    if ((await readLockHolder(file))?.token === me.token) await rm(file, { force: true });
  };
}

/** @returns undefined when nobody holds the lock, or its file cannot be read */
export async function readLockHolder(file: string): Promise<LockHolder | undefined> {
  try {
    if (!(await lstat(file)).isFile()) return undefined; // a pipe would never end
    return parseLockHolder(await readFile(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * Only one of the processes that find the same dead holder may remove its file. Otherwise the slower ones would
 * remove the lock of the fastest. So that one holds a lock of its own, named after the dead holder.
 */
async function tryTake(file: string, me: LockHolder, isSilent: IsSilent): Promise<boolean> {
  if (await tryCreate(file, me)) return true;
  const other = await readLockHolder(file);
  // NFS may deny a link that it has made, if its answer was lost (link(2), under BUGS).
  if (other?.token === me.token) return true;
  if (!(await isGone(file, other, { me, isSilent }))) return false;
  const removal = `${file}.${other?.token ?? 'unreadable'}`;
  if (!(await tryTake(removal, me, isSilent))) return false;
  try {
    const still = await readLockHolder(file);
    if (still?.token !== other?.token) return false;
    if (!(await isGone(file, still, { me, isSilent }))) return false;
    await rm(file, { force: true });
    return await tryCreate(file, me);
  } finally {
    await rm(removal, { force: true });
  }
}

/** Links to a complete file, so that a lock is never half written. */
async function tryCreate(file: string, holder: LockHolder): Promise<boolean> {
  const content = JSON.stringify(holder);
  const whole = `${file}.${holder.token}`;
  try {
    await writeFile(whole, content, { flag: 'wx' });
    await link(whole, file).catch((error) => {
      // Some file systems have no links. A lock is then half written for a moment.
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
  { me, isSilent }: { readonly me: LockHolder; readonly isSilent: IsSilent },
): Promise<boolean> {
  const state = holder ? stateOf(holder, me) : 'unknown';
  return state === 'gone' || (state === 'unknown' && (await isSilent(file)));
}

type IsSilent = (file: string) => Promise<boolean>;

/**
 * Tells whether nobody touches a file, which takes a minute to find out. Only this process's own clock counts, which
 * stops while the machine sleeps; clocks of machines differ.
 */
function watchForSilence(): IsSilent {
  const watched = new Map<string, { readonly mtimeMs: number; readonly sinceMs: number }>();
  return async (file) => {
    const mtimeMs = await stat(file).then(
      (stats) => stats.mtimeMs,
      () => undefined,
    );
    if (mtimeMs === undefined) return false;
    const seen = watched.get(file);
    if (seen?.mtimeMs === mtimeMs) return performance.now() - seen.sinceMs > DEFAULTS.silentMs;
    watched.set(file, { mtimeMs, sinceMs: performance.now() });
    return false;
  };
}
