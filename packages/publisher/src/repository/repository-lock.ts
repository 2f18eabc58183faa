import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { NearsideError } from '@nearside/core';

/** Hidden, so that no server shows it and no upload takes it along. */
const LOCK_FILE = '.lock';

const DEFAULTS = Object.freeze({
  /** How long one publisher waits for another: most are done within seconds. */
  waitMs: 30_000,
  /** Between two looks at a lock that somebody else holds. */
  pollMs: 50,
});

/** Who holds a lock: enough to tell whether that process is still there. */
interface Holder {
  readonly token: string;
  readonly pid: number;
  /** When the process started, where the system tells: numbers of processes are used again. */
  readonly started: string | undefined;
  readonly host: string;
  readonly since: string;
}

/**
 * Locks a repository directory, which is made when missing, for one publisher at a time. A lock
 * whose process is gone is taken over; one from another machine cannot be judged and is waited for.
 *
 * @returns what unlocks it when disposed of
 * @throws NearsideError `repository-locked` when it is still held after `waitMs`
 */
export async function lockRepository(
  directory: string,
  { waitMs = DEFAULTS.waitMs }: { waitMs?: number } = {},
): Promise<AsyncDisposable> {
  const file = join(directory, LOCK_FILE);
  const holder = await thisProcess();
  const deadlineMs = performance.now() + waitMs;
  let made: string | undefined;
  for (;;) {
    made = (await mkdir(directory, { recursive: true })) ?? made;
    if (await create(file, holder)) break;
    const other = await readHolder(file);
    if (other && (await isGone(other))) await removeStale(file, other);
    else if (performance.now() >= deadlineMs) throw locked(file, other);
    else await delay(DEFAULTS.pollMs);
  }
  return {
    async [Symbol.asyncDispose]() {
      if ((await readHolder(file))?.token === holder.token) await rm(file, { force: true });
      if (made) await removeEmpty(directory, made);
    },
  };
}

/** A refused first publish leaves nothing; a directory with anything in it stays. */
async function removeEmpty(directory: string, topmost: string): Promise<void> {
  const isRemoved = await rmdir(directory).then(
    () => true,
    () => false,
  );
  if (isRemoved && resolve(directory) !== resolve(topmost)) {
    await removeEmpty(dirname(directory), topmost);
  }
}

async function thisProcess(): Promise<Holder> {
  return {
    token: randomBytes(16).toString('hex'),
    pid: process.pid,
    started: await startOf(process.pid),
    host: hostname(),
    since: new Date().toISOString(),
  };
}

/** Linux alone: the 22nd field of `/proc/<pid>/stat`, counted after the name in parentheses. */
async function startOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

/** A link to a file that is whole already: a lock is never seen half written, nor left so. */
async function create(file: string, holder: Holder): Promise<boolean> {
  const whole = `${file}.${holder.token}`;
  try {
    await writeFile(whole, JSON.stringify(holder), { flag: 'wx' });
    await link(whole, file);
    return true;
  } catch (error) {
    // ENOENT: whoever unlocked just now removed the directory too.
    if (hasCode(error, 'EEXIST') || hasCode(error, 'ENOENT')) return false;
    throw error;
  } finally {
    await rm(whole, { force: true });
  }
}

/** @returns undefined when there is none */
async function readHolder(file: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch {
    return undefined;
  }
}

async function isGone({ host, pid, started }: Holder): Promise<boolean> {
  if (host !== hostname()) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return hasCode(error, 'ESRCH');
  }
  return started !== (await startOf(pid));
}

/**
 * Two that wait may find the same stale lock; the slower one must not remove the faster one's. A
 * rename takes exactly one file away, and what it took is put back when it was not the stale one.
 */
async function removeStale(file: string, stale: Holder): Promise<void> {
  const aside = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    await rename(file, aside);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return;
    throw error;
  }
  const taken = await readHolder(aside);
  if (taken?.token !== stale.token) await link(aside, file).catch(() => {});
  await rm(aside, { force: true });
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

function locked(file: string, holder: Holder | undefined): NearsideError {
  const who = holder
    ? `process ${holder.pid} on ${holder.host} has held since ${holder.since}`
    : 'cannot be read';
  return new NearsideError(
    'repository-locked',
    `${file}: expected no other publisher at work, got a lock that ${who}. Try again when that ` +
      'one is done, or remove the file when no publisher is running any more.',
    { details: { file, ...holder }, retryable: true },
  );
}
