import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MAX_CHUNK_BYTES } from '@nearside/core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { expectSameFiles, openDevice } from '../testing/device.js';
import { openWorkspace, publishedOnce } from '../testing/workspace.js';
import { pack } from './pack.js';
import { publish } from './publish.js';
import { serveRepository } from './serve-repository.js';

const publishFirst = publishedOnce(async (workspace) => ({ first: await workspace.release() }));

/** One published version and a server that has it. */
async function serveRelease() {
  const { workspace, first } = await publishFirst();
  const server = await serveRepository({ dir: workspace.repository, port: 0 });
  onTestFinished(() => server.close());
  return { workspace, first, server, address: { url: server.url, pin: first.pin } };
}

test('what is published opens on a device, every file byte for byte', async () => {
  const { first, address } = await serveRelease();
  const device = openDevice(address);
  const version = await device.install();
  expect(version).toMatchObject({
    origin: 'network',
    assignment: { arm: 'stable', version: '1.0.0', experiment: undefined },
  });
  expect(version.manifestSha256).toBe(first.manifestSha256);
  await expectSameFiles(version, first.source);
});

test('a file of several chunks and an empty file arrive whole', async () => {
  const workspace = await openWorkspace();
  const { source, packed } = await workspace.packed({ weightBytes: MAX_CHUNK_BYTES + 17 });
  await writeFile(join(source, 'tfjs/weights.bin'), '');
  await pack({ modelDirectory: source, out: packed });
  const { pin } = await publish({ ...workspace, packed });
  await using server = await serveRepository({ dir: workspace.repository, port: 0 });
  await expectSameFiles(await openDevice({ url: server.url, pin }).install(), source);
});

describe('with the server down', () => {
  test('a device that has nothing gets a network error', async () => {
    const { server, address } = await serveRelease();
    await server.close();
    await expect(openDevice(address).open()).rejects.toMatchObject({
      code: 'network-failed',
      retryable: true,
    });
  });

  test('a device that has the version opens it from its store', async () => {
    const { server, first, address } = await serveRelease();
    const { store } = await installed(address);
    await server.close();
    const version = await openDevice({ ...address, store }).open();
    expect(version.origin).toBe('store');
    await expectSameFiles(version, first.source);
  });
});

test('a second version becomes the active one once it is proven, and the first the way back', async () => {
  const { workspace, first, address } = await serveRelease();
  const device = await installed(address);
  expect(await device.update()).toBeUndefined();
  const second = await workspace.release({ version: '1.1.0', sequence: 2, seed: 2 });

  const { next } = await device.check();
  expect(next).toEqual({ model: 'tiny', version: '1.1.0', sequence: 2 });
  await expectSameFiles(await device.open(), first.source);
  await device.update();
  const version = await device.open();
  expect(version.origin).toBe('store');
  await expectSameFiles(version, second.source);
  const previous = await device.openPrevious(2);
  expect(previous?.release.version).toBe('1.0.0');
});

test('a candidate has two tries, is given up after them, and is not offered again', async () => {
  const { workspace, first, address } = await serveRelease();
  const device = await installed(address);
  await workspace.release({ version: '1.1.0', sequence: 2, seed: 2 });
  await device.openCandidate(2);
  expect(await device.spendTry(2)).toBe(1);
  await device.openCandidate(2);
  expect(await device.spendTry(2)).toBe(0);
  expect(await device.spendTry(2)).toBeUndefined();
  await device.reject(2, 'golden-mismatch');
  expect(await device.check()).toEqual({ isRevoked: false });
  await expectSameFiles(await device.open(), first.source);
});

test('an update fetches only what changed', async () => {
  const { workspace, address } = await serveRelease();
  const device = await installed(address);
  const chunks = async () => (await device.store.keys('c/')).length;
  const before = await chunks();
  await workspace.release({ version: '1.1.0', sequence: 2, seed: 2 });
  await device.update();
  expect((await chunks()) - before).toBe(3); // the weights, model.json, layout.json
});

async function installed(address: { url: string; pin: string }) {
  const device = openDevice(address);
  await device.install();
  return device;
}
