import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { readLockHolder, takeFileLock } from '@nearside/artifact/file-lock';
import { describe, expect, test, vi } from 'vitest';
import { inspect } from '../inspect.js';
import { publish } from '../publish.js';
import { serveRepository } from '../serve-repository.js';
import { expectSameFiles, openDevice } from '../testing/device.js';
import { bundlePublisher, runPublisher, whyNoContainers } from '../testing/run-publisher.js';
import { openWorkspace, temporaryDirectory } from '../testing/workspace.js';
import { lockRepository } from './repository-lock.js';

// Many publishes each: seconds, and more where other suites run beside.
vi.setConfig({ testTimeout: 60_000 });

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

test('publishers in processes of their own do not undo each other’s work', async () => {
  const workspace = await openWorkspace();
  const { repository, keys } = workspace;
  const bundle = await bundlePublisher(await temporaryDirectory());
  const names = ['one', 'two', 'three', 'four'];
  const packed: string[] = [];
  for (const [i, name] of names.entries()) {
    packed.push((await workspace.packed({ name, seed: i + 1 })).packed);
  }
  const runs = await Promise.all(
    packed.map((directory) => runPublisher(bundle, { packed: directory, repository, keys })),
  );
  expect(runs.map(({ printed }) => printed)).toEqual(names.map(() => 'published'));
  const { models, roles } = await inspect(workspace);
  expect(models.map(({ name, boot }) => [name, boot.state])).toEqual(
    [...names].sort().map((name) => [name, 'fresh']),
  );
  expect(roles.find(({ role }) => role === 'targets')?.version).toBe(names.length);
  expect(models.flatMap(({ versions }) => versions.map(({ problem }) => problem))).toEqual(
    names.map(() => undefined),
  );
});

test('publishers in containers that share a host name lose no release that one said is published', async ({
  skip,
}) => {
  const reason = whyNoContainers();
  skip(reason !== undefined, reason);
  const workspace = await openWorkspace();
  const { keys, directory } = workspace;
  const bundle = await bundlePublisher(join(directory, 'bundle'));
  const names = ['four', 'one', 'three', 'two'];
  const packed: string[] = [];
  for (const [i, name] of names.entries()) {
    packed.push((await workspace.packed({ name, seed: i + 1 })).packed);
  }
  for (let round = 0; round < 4; round += 1) {
    const repository = join(directory, `repository-${round}`);
    const runs = await Promise.all(
      packed.map((from) =>
        runPublisher(bundle, { packed: from, repository, keys, asContainer: true }),
      ),
    );
    expect(runs.map(({ printed }) => printed)).toEqual(names.map(() => 'published'));
    const { models } = await inspect({ repository });
    expect(models.map(({ name }) => name)).toEqual(names);
  }
});

test('a publisher killed at any file leaves a repository that serves, and that the next completes', async () => {
  const workspace = await openWorkspace();
  const { keys } = workspace;
  const first = await workspace.release();
  const { packed, source } = await workspace.packed({ version: '1.1.0', sequence: 2, seed: 2 });
  const directory = await temporaryDirectory();
  const bundle = await bundlePublisher(join(directory, 'bundle'));
  const repository = join(directory, 'copy');
  for (let killAtRename = 0; ; killAtRename += 1) {
    await rm(repository, { recursive: true, force: true });
    await cp(workspace.repository, repository, { recursive: true });
    const run = await runPublisher(bundle, { packed, repository, keys, killAtRename });
    await using server = await serveRepository({ dir: repository, port: 0 });
    const address = { url: server.url, pin: first.pin };
    const between = await openDevice(address).install();
    const { version } = between.release;
    await expectSameFiles(between, version === '1.0.0' ? first.source : source);

    await publish({ packed, repository, keys });
    await expectSameFiles(await openDevice(address).install(), source);
    expect((await inspect({ repository })).models[0]?.boot.state).toBe('fresh');
    if (run.signal !== 'SIGKILL') {
      expect(run.printed).toBe('published');
      return expect(killAtRename).toBeGreaterThanOrEqual(8);
    }
  }
});
