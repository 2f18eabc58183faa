import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bootPath, pinOf, targetPath } from '@nearside/artifact';
import { expect, test } from 'vitest';
import { openWorkspace, temporaryDirectory } from '../testing/workspace.js';
import { inspect } from './inspect.js';
import { pin } from './offered-models.js';
import { serveRepository } from './serve-repository.js';
import { status } from './status.js';

const DAY_MS = 86_400_000;

test('inspect shows models, versions, files and which chunks are shared', async () => {
  const workspace = await openWorkspace();
  const first = await workspace.release();
  const second = await workspace.release({ version: '1.1.0', sequence: 2, seed: 2 });
  await workspace.release({ name: 'another', seed: 3 });
  const { models, roles, modelKeys, pin } = await inspect(workspace);

  expect(pin).toBe(first.pin);
  expect(models.map(({ name }) => name)).toEqual(['another', 'tiny']);
  const tiny = models[1]?.versions ?? [];
  expect(tiny.map(({ version, sequence, state }) => [version, sequence, state])).toEqual([
    ['1.1.0', 2, 'stable'],
    ['1.0.0', 1, 'stable'],
  ]);
  expect(tiny[0]?.manifestSha256).toBe(second.manifestSha256);
  expect(tiny[0]?.keyHint).toBe(modelKeys[0]);
  expect(tiny[0]?.files.find(({ name }) => name === 'onnx/model.onnx')).toMatchObject({
    sizeBytes: 900,
    storedBytes: 900,
    chunks: 1,
    sharedChunks: 0,
  });
  expect(tiny[0]?.files.find(({ name }) => name === 'tfjs/weights.bin')).toMatchObject({
    sizeBytes: 2000,
    chunks: 1,
    sharedChunks: 1,
  });
  expect(roles.map(({ role, version, expired }) => [role, version, expired])).toEqual([
    ['root', 1, false],
    ['targets', 3, false],
    ['snapshot', 3, false],
    ['timestamp', 3, false],
  ]);
});

test('inspect says the same of a directory and of its URL', async () => {
  const workspace = await openWorkspace();
  await workspace.release();
  await using server = await serveRepository({ dir: workspace.repository, port: 0 });
  expect(await inspect({ repository: server.url })).toEqual(await inspect(workspace));
  expect(await pin({ repository: `${server.url}/` })).toBe(await pin(workspace));
});

test('the pin is that of the first root, byte for byte', async () => {
  const workspace = await openWorkspace();
  const { pin: published } = await workspace.release();
  const root = await readFile(join(workspace.repository, 'metadata/1.root.json'));
  expect(await pin(workspace)).toBe(published);
  expect(published).toBe(await pinOf(new Uint8Array(root)));
});

test('expired metadata is reported, not refused', async () => {
  const workspace = await openWorkspace();
  await workspace.release();
  const { roles } = await inspect({ ...workspace, now: () => Date.now() + 31 * DAY_MS });
  expect(roles.filter(({ expired }) => expired).map(({ role }) => role)).toEqual([
    'snapshot',
    'timestamp',
  ]);
});

test('a version that does not verify is named with its reason, beside those that do', async () => {
  const workspace = await openWorkspace();
  const { manifestSha256 } = await workspace.release();
  await workspace.release({ version: '1.1.0', sequence: 2 });
  const bundle = targetPath('tiny-1.0.0.oms.json', manifestSha256);
  await writeFile(join(workspace.repository, bundle), '{}');
  const [model] = (await inspect(workspace)).models;
  expect(model?.versions.map(({ problem }) => problem?.code)).toEqual([undefined, 'size-mismatch']);
  await rm(join(workspace.repository, bundle));
  const [without] = (await inspect(workspace)).models;
  expect(without?.versions[1]?.problem?.code).toBe('file-missing');
});

test('of each role inspect tells who signed it, how many must, and how long it lasts', async () => {
  const workspace = await openWorkspace();
  await workspace.release();
  const { roles } = await inspect(workspace);
  expect(roles.map(({ role, daysLeft }) => [role, daysLeft])).toEqual([
    ['root', 364.9],
    ['targets', 89.9],
    ['snapshot', 29.9],
    ['timestamp', 13.9],
  ]);
  for (const { signedBy, keyIds, threshold } of roles) {
    expect(signedBy).toEqual(keyIds);
    expect(threshold).toBe(1);
  }
  const { roles: same } = await status(workspace);
  expect(same.map(({ daysLeft }) => daysLeft)).toEqual(roles.map(({ daysLeft }) => daysLeft));
});

test('of each version inspect tells what it shares with the one before', async () => {
  const workspace = await openWorkspace();
  await workspace.release();
  await workspace.release({ version: '1.1.0', sequence: 2, seed: 2 });
  const [newer, older] = (await inspect(workspace)).models[0]?.versions ?? [];
  expect(older?.previous).toBeUndefined();
  expect(newer?.previous?.version).toBe('1.0.0');
  const sharedBytes = newer?.previous?.sharedBytes ?? 0;
  expect(sharedBytes).toBeGreaterThan(0);
  expect(sharedBytes).toBeLessThan((newer?.storedBytes ?? 0) - 900); // the weights are new
});

test('inspect tells whether the boot file is fresh, stale or missing', async () => {
  const workspace = await openWorkspace();
  await workspace.release();
  const boot = async () => (await inspect(workspace)).models[0]?.boot;
  expect(await boot()).toEqual({ state: 'fresh', sizeBytes: expect.any(Number) });
  const file = join(workspace.repository, bootPath('tiny'));
  const old = await readFile(file);
  await workspace.release({ version: '1.1.0', sequence: 2 });
  expect((await boot())?.state).toBe('fresh');
  await writeFile(file, old);
  expect((await boot())?.state).toBe('stale');
  await rm(file);
  expect(await boot()).toEqual({ state: 'missing', sizeBytes: 0 });
});

test('metadata that does not verify is refused', async () => {
  const workspace = await openWorkspace();
  await workspace.release();
  const file = join(workspace.repository, 'metadata/timestamp.json');
  await writeFile(file, (await readFile(file, 'utf8')).replace('"version":1', '"version":2'));
  await expect(inspect(workspace)).rejects.toMatchObject({ code: 'signature-invalid' });
});

test('where there is no repository, that is said', async () => {
  const repository = await temporaryDirectory();
  await expect(inspect({ repository })).rejects.toMatchObject({ code: 'file-missing' });
  await expect(pin({ repository })).rejects.toMatchObject({ code: 'file-missing' });
});
