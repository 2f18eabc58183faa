import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { rootPath } from '@nearside/artifact';
import { describe, expect, test } from 'vitest';
import { expectSameFiles, openDevice } from '../testing/device.js';
import { openWorkspace, type Workspace } from '../testing/workspace.js';
import { generateKeys } from './generate-keys.js';
import { renew } from './renew.js';
import { serveRepository } from './serve-repository.js';
import { status } from './status.js';

const DAY_MS = 86_400_000;
const inDays = (days: number) => () => Date.now() + days * DAY_MS;

async function keepOnly({ keys }: Workspace, ...roles: string[]) {
  for (const role of ['root', 'targets', 'snapshot', 'timestamp', 'model']) {
    if (!roles.includes(role)) await rm(join(keys, `${role}.pem`));
  }
}

async function statesOf({ repository }: Workspace, days: number) {
  const { roles } = await status({ repository, now: inDays(days) });
  return Object.fromEntries(roles.map(({ role, state }) => [role, state]));
}

describe('renewing', () => {
  test('gives the timestamp a full lifetime, with its key alone', async () => {
    const workspace = await openWorkspace();
    await workspace.release();
    await keepOnly(workspace, 'timestamp');
    const renewal = await renew({ ...workspace, now: inDays(10) });
    expect(renewal).toMatchObject({
      metadata: { root: 1, targets: 1, snapshot: 1, timestamp: 2 },
      renewed: ['timestamp'],
      due: [],
    });
    expect(await statesOf(workspace, 20)).toMatchObject({ timestamp: 'valid' });
  });

  test('takes snapshot and targets along at half of their lifetime, as far as keys are there', async () => {
    const workspace = await openWorkspace();
    await workspace.release();
    expect(await renew({ ...workspace, now: inDays(14) })).toMatchObject({
      renewed: ['timestamp'],
    });
    expect(await renew({ ...workspace, now: inDays(16) })).toMatchObject({
      renewed: ['snapshot', 'timestamp'],
    });
    await keepOnly(workspace, 'snapshot', 'timestamp');
    expect(await renew({ ...workspace, now: inDays(50) })).toMatchObject({
      renewed: ['snapshot', 'timestamp'],
      due: ['targets'],
    });
  });

  test('one role signs what leads to it as well', async () => {
    const workspace = await openWorkspace();
    await workspace.release();
    expect(await renew({ ...workspace, roles: ['targets'] })).toMatchObject({
      metadata: { root: 1, targets: 2, snapshot: 2, timestamp: 2 },
      renewed: ['targets', 'snapshot', 'timestamp'],
    });
  });

  test('the root keeps its keys, and needs nothing but them', async () => {
    const workspace = await openWorkspace();
    await workspace.release();
    await keepOnly(workspace, 'root');
    const renewal = await renew({ ...workspace, roles: ['root'], now: inDays(300) });
    expect(renewal).toMatchObject({ renewed: ['root'], metadata: { root: 2, timestamp: 1 } });
    const read = async (version: number) =>
      JSON.parse(await readFile(join(workspace.repository, rootPath(version)), 'utf8')).signed;
    const [first, second] = [await read(1), await read(2)];
    expect({ ...second, version: 1, expires: first.expires }).toEqual(first);
  });

  test('revives what has expired, for new devices and for those that have it', async () => {
    const workspace = await openWorkspace();
    const { pin, source } = await workspace.release();
    await using server = await serveRepository({ dir: workspace.repository, port: 0 });
    const address = { url: server.url, pin };
    const installed = openDevice(address);
    await installed.install();
    const now = inDays(400);
    const open = () => openDevice({ ...address, now }).install();
    await expect(open()).rejects.toMatchObject({ code: 'metadata-expired' });
    await renew({ ...workspace, roles: ['root', 'targets'], now });
    await expectSameFiles(await open(), source);
    const later = openDevice({ ...address, store: installed.store, now });
    expect(await later.update()).toBeUndefined();
    expect(await statesOf(workspace, 400)).toEqual({
      root: 'valid',
      targets: 'valid',
      snapshot: 'valid',
      timestamp: 'valid',
    });
  });

  test('by one of two keys that must sign is refused, and nothing is written', async () => {
    const workspace = await openWorkspace();
    await generateKeys({ out: workspace.keys, role: 'snapshot', threshold: 2 });
    await workspace.release();
    await rm(join(workspace.keys, 'snapshot-2.pem'));
    await expect(renew({ ...workspace, roles: ['snapshot'] })).rejects.toMatchObject({
      code: 'threshold-not-met',
    });
    expect(await renew({ ...workspace, now: inDays(20) })).toMatchObject({
      renewed: ['timestamp'],
      due: ['snapshot'],
    });
  });

  test('without the timestamp key says which file or variable it is missing', async () => {
    const workspace = await openWorkspace();
    await workspace.release();
    await keepOnly(workspace, 'snapshot');
    await expect(renew(workspace)).rejects.toMatchObject({
      code: 'file-missing',
      message: expect.stringMatching(/timestamp\.pem.*NEARSIDE_KEY_TIMESTAMP/),
    });
  });
});
