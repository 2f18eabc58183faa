import { randomUUID } from 'node:crypto';
import { open, readFile, rename, rm, stat, utimes } from 'node:fs/promises';

/** A holder touches its lock file this often; one untouched for much longer has died, ms. */
const HEARTBEAT_MS = 2_000;
const DEAD_AFTER_MS = 15_000;
/** How often a waiting process looks again, ms. */
const POLL_MS = 50;

/**
 * Waits until this process alone holds a lock file. A holder that died is noticed by its process id
 * at once, and by its silence where the process is on another machine.
 *
 * @param signal ends the waiting, with its reason
 * @returns a function that lets go of it
 */
export async function takeFileLock(
  file: string,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<() => Promise<void>> {
  const owner = `${process.pid} ${randomUUID()}`;
  signal?.throwIfAborted();
  while (!(await tryCreate(file, owner))) {
    await removeDead(file);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    signal?.throwIfAborted();
  }
  const heartbeat = setInterval(() => {
    const now = new Date();
    utimes(file, now, now).catch(() => {});
  }, HEARTBEAT_MS);
  heartbeat.unref();
  return async () => {
    clearInterval(heartbeat);
    if ((await readOwner(file)) === owner) await rm(file, { force: true });
  };
}

/** The operating system lets exactly one process create the file. */
async function tryCreate(file: string, owner: string): Promise<boolean> {
  try {
    const handle = await open(file, 'wx');
    await handle.writeFile(owner);
    await handle.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Renamed before it is removed, so that of two who find it dead only one takes it away. */
async function removeDead(file: string): Promise<void> {
  const owner = await readOwner(file);
  if (owner === undefined || (await isAlive(file, owner))) return;
  const grave = `${file}.${randomUUID()}`;
  await rename(file, grave).catch(() => {});
  // Somebody else may have replaced it since it was read: then it is theirs, and goes back.
  const taken = await readOwner(grave);
  if (taken !== undefined && taken !== owner) await rename(grave, file).catch(() => {});
  await rm(grave, { force: true });
}

async function isAlive(file: string, owner: string): Promise<boolean> {
  const touched = await stat(file).then(
    ({ mtimeMs }) => mtimeMs,
    () => Date.now(),
  );
  if (Date.now() - touched > DEAD_AFTER_MS) return false;
  const pid = Number(owner.split(' ')[0]);
  // Between its creation and its first byte a lock names nobody.
  if (!Number.isSafeInteger(pid) || pid <= 0) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

function readOwner(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch(() => undefined);
}
