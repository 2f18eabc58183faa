import { cp, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { listFiles } from '../files/list-files.js';
import { openDevice } from '../testing/device.js';
import { publishedOnce, temporaryDirectory } from '../testing/workspace.js';
import { delta } from './delta.js';
import { planUpload } from './plan.js';
import { serveRepository } from './serve-repository.js';

const openRepository = publishedOnce(async (workspace) => {
  const { pin } = await workspace.release({ weightBytes: 5000 });
  await workspace.release({ version: '1.1.0', sequence: 2, weightBytes: 5000, nearSeed: 1 });
  await delta({ ...workspace, model: 'tiny', version: '1.1.0', from: '1.0.0' });
  return { pin };
});

test('the plan names every file once, what names another after it', async () => {
  const { workspace } = await openRepository();
  const { groups } = await planUpload(workspace);
  expect(groups.map(({ pattern }) => pattern)).toEqual([
    'chunks/*',
    'deltas/*',
    'targets/*',
    'metadata/*.targets.json',
    'metadata/*.snapshot.json',
    'metadata/*.root.json',
    'metadata/timestamp.json',
    'boot/*',
  ]);
  const planned = groups.flatMap(({ files }) => files);
  expect([...planned].sort()).toEqual(await listFiles(workspace.repository));
});

test('what is unfinished, hidden or not ours is left out', async () => {
  const { workspace } = await openRepository();
  const before = await planUpload(workspace);
  for (const name of ['.lock', 'chunks/.abc.0123456789ab', 'index.html', 'metadata/notes.txt']) {
    await writeFile(join(workspace.repository, name), 'x');
  }
  expect(await planUpload(workspace)).toEqual(before);
});

test('the headers are those that `nearside serve` sends', async () => {
  const { workspace } = await openRepository();
  await using server = await serveRepository({ dir: workspace.repository, port: 0 });
  const { headers, groups } = await planUpload(workspace);
  for (const { files, cacheControl } of groups) {
    const { headers: sent } = await fetch(`${server.url}/${files[0]}`);
    expect(sent.get('cache-control'), files[0]).toBe(cacheControl);
    for (const [name, value] of Object.entries(headers)) expect(sent.get(name)).toBe(value);
  }
});

test('uploaded file by file in this order, a device is served at every moment', async () => {
  const { workspace, pin } = await openRepository();
  const site = join(await temporaryDirectory(), 'site');
  await mkdir(site);
  const upload = async (name: string) => {
    await mkdir(dirname(join(site, name)), { recursive: true });
    await cp(join(workspace.repository, name), join(site, name));
  };
  for (const { files } of (await planUpload(workspace)).groups)
    for (const f of files) await upload(f);
  await workspace.release({ version: '1.2.0', sequence: 3, seed: 3 });

  await using server = await serveRepository({ dir: site, port: 0 });
  for (const { files } of (await planUpload(workspace)).groups) {
    for (const name of files) {
      await upload(name);
      await openDevice({ url: server.url, pin }).install();
    }
  }
  const { release } = await openDevice({ url: server.url, pin }).install();
  expect(release.version).toBe('1.2.0');
});

test('where there is no repository, that is said', async () => {
  const repository = join(await temporaryDirectory(), 'none');
  await expect(planUpload({ repository })).rejects.toMatchObject({ code: 'file-missing' });
});
