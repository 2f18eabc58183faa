import { createHash, randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { lstat, mkdir, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { type LockHolder, stateOf, thisHolder } from '@nearside/core/lock-holder';

// Directories and files that are there only while a process works. Their names say which process that is, so that the
// next one removes what a killed one left.

/** Disposing of it removes it, and so does the end of the process. */
export interface TemporaryDirectory extends AsyncDisposable {
  readonly directory: string;
}

/** @param what is made there: part of its name */
export async function openTemporary(what: string): Promise<TemporaryDirectory> {
  await removeLeftovers(tmpdir(), DIRECTORY);
  const directory = join(tmpdir(), `nearside-${what}-${tagOf(me())}-${randomSuffix()}`);
  const disposable = untilDisposed(directory); // a signal may come before it is known to be made
  await mkdir(directory, { mode: 0o700 });
  return { directory, ...disposable };
}

/** A file that is not whole yet. Disposing of it removes it, and so does the end of the process. */
export interface UnfinishedFile extends AsyncDisposable {
  readonly path: string;
}

/** Removes unfinished files of processes that have ended, where perhaps nothing is written any more. */
export function removeUnfinished(directory: string): Promise<void> {
  return removeLeftovers(directory, UNFINISHED);
}

/** Names a file beside another, whose place it takes when it is whole. It is hidden, so that no server shows it. */
export async function unfinishedBeside(file: string): Promise<UnfinishedFile> {
  const directory = dirname(file);
  await removeLeftovers(directory, UNFINISHED);
  // a name has 255 bytes at most
  const name = `.${basename(file).slice(0, 60)}.${tagOf(me())}.${randomSuffix()}`;
  const path = join(directory, name);
  return { path, ...untilDisposed(path) };
}

/** @param path with forward slashes */
export function isUnfinished(path: string): boolean {
  return UNFINISHED.test(path.slice(path.lastIndexOf('/') + 1));
}

const TAG = '(\\d+)-([0-9a-z]+)-([0-9a-f]{8})';
const DIRECTORY = new RegExp(`^nearside-[a-z]+-${TAG}-[0-9a-f]{12}$`);
const UNFINISHED = new RegExp(`^\\..*\\.${TAG}\\.[0-9a-f]{12}$`);

function randomSuffix(): string {
  return randomBytes(6).toString('hex');
}

let holder: LockHolder | undefined;

function me(): LockHolder {
  holder ??= thisHolder();
  return holder;
}

/** Names a process by its number and start, and by a hash of its machine, the start of that, and the container. */
function tagOf({ pid, startedMs = 0, ...place }: LockHolder): string {
  return [pid, startedMs.toString(36), machineOf(place)].join('-');
}

function machineOf({
  host,
  bootId,
  pidNamespace,
}: Pick<LockHolder, 'host' | 'bootId' | 'pidNamespace'>): string {
  const text = JSON.stringify([host, bootId, pidNamespace]);
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}

const sweptOnce = new Set<string>();

/**
 * Removes what this user's processes left in a directory when they were killed, once for each directory. What nobody
 * here can tell about stays: the process is another user's, on another machine or in another container.
 */
async function removeLeftovers(directory: string, pattern: RegExp): Promise<void> {
  const place = resolve(directory);
  if (sweptOnce.has(place)) return;
  sweptOnce.add(place);
  for (const name of await readdir(place).catch(() => [])) {
    const match = pattern.exec(name);
    if (!match || !hasEnded(match)) continue;
    const path = join(place, name);
    const stats = await lstat(path).catch(() => undefined);
    const isOurs = stats?.uid === process.getuid?.();
    const isOfKind = pattern === DIRECTORY ? stats?.isDirectory() : stats?.isFile();
    if (isOurs && isOfKind) await rm(path, { recursive: true, force: true }).catch(() => {});
  }
}

function hasEnded([, pid, started = '', machine]: RegExpExecArray): boolean {
  if (machine !== machineOf(me())) return false;
  const startedMs = Number.parseInt(started, 36);
  return stateOf({ ...me(), pid: Number(pid), startedMs }, me()) === 'gone';
}

const present = new Set<string>();

function untilDisposed(path: string): AsyncDisposable {
  if (present.size === 0) process.on('exit', removeAll);
  present.add(path);
  return {
    async [Symbol.asyncDispose]() {
      await rm(path, { recursive: true, force: true });
      present.delete(path);
      if (present.size === 0) process.off('exit', removeAll);
    },
  };
}

function removeAll(): void {
  for (const path of present) {
    try {
      // a copy that goes on meanwhile may add a file
      rmSync(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 10 });
    } catch {
      // the next process removes it
    }
  }
}
