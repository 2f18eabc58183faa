import { mkdir, readdir, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { TIMESTAMP_PATH } from '@nearside/artifact';
import { expect, onTestFinished, test, vi } from 'vitest';
import { listFiles } from '../files/list-files.js';
import { expectSameFiles, openDevice } from '../testing/device.js';
import { snapshotOf } from '../testing/snapshot.js';
import { openWorkspace, publishedOnce, type Workspace } from '../testing/workspace.js';
import { delta } from './delta.js';
import { inspect } from './inspect.js';
import { prune } from './prune.js';
import { publish } from './publish.js';
import { revoke } from './revoke.js';
import { serveRepository } from './serve-repository.js';

// Many publishes each: seconds, and more where other suites run beside.
vi.setConfig({ testTimeout: 60_000 });

const DAY_MS = 86_400_000;
const bad = { model: 'tiny', version: '1.1.0' };
/** What is old is old at once. */
const NOW = { olderThanMs: 0, now: () => Date.now() + 1000 };

/** A good version, a revoked one with deltas, and a good one again. */
const publishHistory = publishedOnce(async (workspace) => {
  const { pin } = await workspace.release({ weightBytes: 5000 });
  const tuned = { version: '1.1.0', sequence: 2, weightBytes: 5000, nearSeed: 1 };
  const revoked = await workspace.release(tuned);
  await delta({ ...workspace, ...bad, from: '1.0.0' });
  await revoke({ ...workspace, ...bad });
  const third = await workspace.release({
    version: '1.2.0',
    sequence: 3,
    weightBytes: 5000,
    seed: 3,
  });
  await workspace.release({ name: 'other', seed: 7 });
  return { pin, revoked, third };
});

async function openHistory() {
  const { pin, ...history } = await publishHistory();
  const server = await serveRepository({ dir: history.workspace.repository, port: 0 });
  onTestFinished(() => server.close());
  return { ...history, address: { url: server.url, pin } };
}

async function age({ repository }: Workspace, days: number): Promise<void> {
  const then = new Date(Date.now() - days * DAY_MS);
  for (const name of (await listFiles(repository)) ?? []) {
    await utimes(join(repository, name), then, then);
  }
}

test('prune removes what only revoked versions and replaced metadata named', async () => {
  const { workspace, revoked, third, address } = await openHistory();
  await age(workspace, 8);
  const { removed, removedBytes, young } = await prune(workspace);
  const names = removed.map(({ path }) => path.replace(/[0-9a-f]{64}/g, '<hash>')).sort();
  expect(names).toEqual([
    'chunks/<hash>', // weights
    expect.stringMatching(/^chunks\/<hash>/), // layout.json
    expect.stringMatching(/^chunks\/<hash>/), // model.json
    'deltas/<hash>-<hash>.z',
    'deltas/<hash>-<hash>.z',
    ...[1, 2, 3, 4].flatMap((version) => [
      `metadata/${version}.snapshot.json`,
      `metadata/${version}.targets.json`,
    ]),
    'targets/<hash>.tiny-1.1.0.oms.json',
  ]);
  expect(removed.map(({ path }) => path)).toContain(
    `targets/${revoked.manifestSha256}.tiny-1.1.0.oms.json`,
  );
  expect(removedBytes).toBeGreaterThan(5000);
  expect(young).toBe(0);
  await expectSameFiles(await openDevice(address).install(), third.source);
  expect((await prune(workspace)).removed).toEqual([]);
});

test('every version on offer stays whole, and the pruned one is shown as such', async () => {
  const { workspace } = await openHistory();
  await prune({ ...workspace, ...NOW });
  const [, tiny] = (await inspect(workspace)).models;
  expect(tiny?.versions.map(({ version, problem }) => [version, problem?.code])).toEqual([
    ['1.2.0', undefined],
    ['1.1.0', 'file-missing'],
    ['1.0.0', undefined],
  ]);
});

test('a dry run says the same and removes nothing', async () => {
  const { workspace } = await openHistory();
  const before = await snapshotOf(workspace.repository);
  const dry = await prune({ ...workspace, ...NOW, dryRun: true });
  expect(await snapshotOf(workspace.repository)).toEqual(before);
  expect(dry.removed.length).toBeGreaterThan(10);
  expect(await prune({ ...workspace, ...NOW })).toEqual({ ...dry, dryRun: false });
});

test('roots stay, and so does what Nearside does not write', async () => {
  const { workspace } = await openHistory();
  const others = ['index.html', 'metadata/notes.json', 'chunks/README', 'targets/mine.txt'];
  for (const name of others) await writeFile(join(workspace.repository, name), 'x');
  await age(workspace, 400);
  await prune({ ...workspace, ...NOW });
  const names = await listFiles(workspace.repository);
  expect(names).toEqual(
    expect.arrayContaining([...others, 'metadata/1.root.json', TIMESTAMP_PATH, 'boot/tiny.json']),
  );
});

test('what is younger than a week stays, and what was current within it', async () => {
  const { workspace } = await openHistory();
  const before = await snapshotOf(workspace.repository);
  const { removed } = await prune(workspace);
  expect(removed).toEqual([]);
  expect(await snapshotOf(workspace.repository)).toEqual(before);

  // Written long ago, but the metadata that offers it was replaced just now.
  await age(workspace, 8);
  await revoke({ ...workspace, model: 'tiny', version: '1.0.0' });
  await workspace.release({ name: 'another', seed: 8 });
  const { removed: later } = await prune(workspace);
  expect(later.map(({ path }) => path).join()).not.toContain('1.0.0');
});

test('a device on the timestamp before the newest still gets every file', async () => {
  const { workspace, third, address } = await openHistory();
  const timestamp = await snapshotOf(workspace.repository);
  await revoke({ ...workspace, model: 'tiny', version: '1.2.0' });
  await prune({ ...workspace, ...NOW });
  for (const path of [TIMESTAMP_PATH, 'boot/tiny.json']) {
    await writeFile(join(workspace.repository, path), timestamp.get(path) ?? '', 'latin1');
  }
  await expectSameFiles(await openDevice(address).install(), third.source);
});

test('the newest versions stay even when they are revoked, as many as asked for', async () => {
  const { workspace } = await openHistory();
  const { removed } = await prune({ ...workspace, ...NOW, keepNewest: 2 });
  expect(removed.map(({ path }) => path).filter((path) => !path.startsWith('metadata/'))).toEqual(
    [],
  );
});

test('leftovers of publishers that were killed go', async () => {
  const { workspace } = await openHistory();
  const leftovers = [
    'chunks/.0a.0123456789ab',
    'metadata/.timestamp.json.0123456789ab',
    '.lock.ab12',
  ];
  const orphan = `chunks/${'0'.repeat(64)}`;
  for (const name of [...leftovers, orphan]) {
    await mkdir(dirname(join(workspace.repository, name)), { recursive: true });
    await writeFile(join(workspace.repository, name), 'x');
  }
  const { removed } = await prune({ ...workspace, ...NOW });
  expect(removed.map(({ path }) => path)).toEqual(expect.arrayContaining([...leftovers, orphan]));
  expect((await readdir(workspace.repository)).filter((name) => name.startsWith('.'))).toEqual([]);
});

test('a version on offer that cannot be read stops it: what it needs is unknown', async () => {
  const { workspace, third } = await openHistory();
  const bundle = join(
    workspace.repository,
    'targets',
    `${third.manifestSha256}.tiny-1.2.0.oms.json`,
  );
  await writeFile(bundle, '{}');
  const before = await snapshotOf(workspace.repository);
  await expect(prune({ ...workspace, ...NOW })).rejects.toMatchObject({ code: 'size-mismatch' });
  expect(await snapshotOf(workspace.repository)).toEqual(before);
});

test('what was pruned cannot be published again, and the error says why', async () => {
  const { workspace, revoked } = await openHistory();
  await prune({ ...workspace, ...NOW });
  await expect(publish({ ...workspace, packed: revoked.packed })).rejects.toMatchObject({
    code: 'version-conflict',
    message: expect.stringContaining('was revoked'),
  });
});

test('where there is no repository, that is said and none is made', async () => {
  const workspace = await openWorkspace();
  await expect(prune(workspace)).rejects.toMatchObject({ code: 'file-missing' });
  await expect(stat(workspace.repository)).rejects.toMatchObject({ code: 'ENOENT' });
});
