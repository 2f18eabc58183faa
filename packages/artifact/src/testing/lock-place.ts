import { utimesSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import { takeFileLock } from '../stores/file-lock.js';

/** A folder for one test, with the lock's file and a file that the holder of the lock writes. */
export async function openPlace() {
  const directory = await mkdtemp(join(tmpdir(), 'nearside-lock-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return { directory, file: join(directory, 'a.lock'), inside: join(directory, 'inside') };
}

const HOUR_MS = 3_600_000;

/** Waits for a lock for up to an hour of a clock that runs fast. */
export async function takeWatching(
  file: string,
  { takesSilent = true, touches = false } = {},
): Promise<'taken' | 'waiting'> {
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  const giveUp = new AbortController();
  const taking = takeFileLock(file, { signal: giveUp.signal, takesSilent }).then(
    () => 'taken' as const,
    () => 'waiting' as const,
  );
  const turns = setInterval(() => {
    vi.advanceTimersByTime(HOUR_MS / 4);
    if (touches) utimesSync(file, performance.now(), performance.now());
    if (performance.now() > HOUR_MS) giveUp.abort();
  }, 100);
  return taking.finally(() => clearInterval(turns));
}
