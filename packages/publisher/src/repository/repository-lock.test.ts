import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { readLockHolder, takeFileLock } from '@nearside/artifact/file-lock';
import { describe, expect, test } from 'vitest';
import { temporaryDirectory } from '../testing/workspace.js';
import { lockRepository } from './repository-lock.js';

/** Puts the lock of a holder there that is this process but for what the test changes of it. */
async function writeLock(directory: string, changes: object): Promise<void> {
  const file = join(directory, '.lock');
  const release = await takeFileLock(file);
  const holder = await readLockHolder(file);
  await release();
  await writeFile(file, JSON.stringify({ ...holder, token: 'f'.repeat(32), ...changes }));
}

/** The number of a process that has ended. */
async function endedProcess(): Promise<number | undefined> {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'close');
  return child.pid;
}

test('a lock that is held is waited for, and then says who holds it', async () => {
  const directory = await temporaryDirectory();
  const first = await lockRepository(directory);
  await expect(lockRepository(directory, { waitMs: 0 })).rejects.toMatchObject({
    code: 'repository-locked',
    retryable: true,
    details: { pid: process.pid, host: hostname() },
  });
  const second = lockRepository(directory);
  await first[Symbol.asyncDispose]();
  await (await second)[Symbol.asyncDispose]();
  expect(await readdir(directory)).toEqual([]);
});

test('one of many that ask at once gets it, and each in its turn', async () => {
  const directory = await temporaryDirectory();
  let holders = 0;
  let most = 0;
  await Promise.all(
    Array.from({ length: 20 }, async () => {
      await using _lock = await lockRepository(directory);
      holders += 1;
      most = Math.max(most, holders);
      await stat(directory);
      holders -= 1;
    }),
  );
  expect(most).toBe(1);
});

test('a free lock is taken without waiting, however busy the machine is', async () => {
  const directory = await temporaryDirectory();
  let busy: NodeJS.Immediate;
  function compute() {
    for (const begunMs = performance.now(); performance.now() - begunMs < 3; );
    busy = setImmediate(compute);
  }
  compute();
  await using _lock = await lockRepository(directory, { waitMs: 0 }).finally(() => {
    clearImmediate(busy);
  });
});

// Elsewhere nothing tells whether two processes are of one machine and one container.
describe.runIf(process.platform === 'linux')('on Linux', () => {
  test('a lock of a process that is gone is taken over, by one', async () => {
    const directory = await temporaryDirectory();
    await writeLock(directory, { pid: await endedProcess() });
    const attempts = await Promise.allSettled(
      Array.from({ length: 10 }, () => lockRepository(directory, { waitMs: 0 })),
    );
    expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test('a lock whose process number another process has now is taken over', async () => {
    const directory = await temporaryDirectory();
    await writeLock(directory, { startedMs: 1 });
    await using _lock = await lockRepository(directory, { waitMs: 10_000 }); // else it is waited for, in vain
  });
});

test.each([
  ['on another machine', { host: 'another' }],
  ['from before a restart', { bootId: '00000000-0000-4000-8000-000000000000' }],
  ['in another container', { pidNamespace: 'pid:[1]' }],
  ['where there is no /proc', { bootId: undefined, pidNamespace: undefined, startedMs: undefined }],
])('a lock of a process %s stays, and what to do is said', async (_, place) => {
  const directory = await temporaryDirectory();
  const pid = await endedProcess();
  await writeLock(directory, { pid, ...place });
  await utimes(join(directory, '.lock'), 0, 0);
  await expect(lockRepository(directory, { waitMs: 0 })).rejects.toMatchObject({
    code: 'repository-locked',
    message: expect.stringMatching(
      new RegExp(
        `got a lock that process ${pid} on .*when no publisher is running.*remove the file`,
      ),
    ),
  });
});

test('a directory that was made for the lock goes with it, one with files stays', async () => {
  const parent = await temporaryDirectory();
  const directory = join(parent, 'a', 'b');
  await (await lockRepository(directory))[Symbol.asyncDispose]();
  expect(await readdir(parent)).toEqual([]);
  const lock = await lockRepository(directory);
  await writeFile(join(directory, 'file'), '');
  await lock[Symbol.asyncDispose]();
  expect(await readdir(directory)).toEqual(['file']);
});
