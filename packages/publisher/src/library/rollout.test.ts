import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createMemoryStore, rolloutBucket } from '@nearside/artifact';
import { describe, expect, onTestFinished, test } from 'vitest';
import { expectSameFiles, openDevice } from '../testing/device.js';
import { snapshotOf } from '../testing/snapshot.js';
import { openWorkspace, publishedOnce, type Workspace } from '../testing/workspace.js';
import { inspect } from './inspect.js';
import { promote } from './promote.js';
import { publish } from './publish.js';
import { revoke } from './revoke.js';
import { serveRepository } from './serve-repository.js';

const canary = { model: 'tiny', version: '1.1.0' };

const publishCanary = publishedOnce(async (workspace) => {
  const stable = await workspace.release();
  const { packed, source } = await workspace.packed({ version: '1.1.0', sequence: 2, seed: 2 });
  const published = await publish({ ...workspace, packed, canaryPercent: 10 });
  const next = await workspace.packed({ version: '1.2.0', sequence: 3, seed: 3 });
  return { stable, packed, source, published, next };
});

/** A stable version, a canary for 10 % of devices, and a device in and one out of these. */
async function openRollout() {
  const { workspace, stable, published, ...paths } = await publishCanary();
  const server = await serveRepository({ dir: workspace.repository, port: 0 });
  onTestFinished(() => server.close());
  const salt = published.rollout?.salt ?? '';
  const device = async (admitted: boolean) => {
    const installId = await findInstall(salt, (bucket) => bucket < 1000 === admitted);
    return openDevice({ url: server.url, pin: stable.pin, installId, store: createMemoryStore() });
  };
  return { workspace, stable, published, ...paths, device };
}

async function findInstall(salt: string, fits: (bucket: number) => boolean): Promise<string> {
  for (let i = 0; ; i += 1) {
    const installId = i.toString(16).padStart(32, '0');
    if (fits(await rolloutBucket(salt, installId))) return installId;
  }
}

describe('a canary', () => {
  test('is run by the devices that its rollout admits, and by no other', async () => {
    const { stable, source, published, device } = await openRollout();
    expect(published).toMatchObject({
      state: 'canary',
      rollout: { salt: expect.stringMatching(/^[0-9a-f]{32}$/), fromBps: 0, toBps: 1000 },
    });
    await expectSameFiles(await (await device(true)).install(), source);
    await expectSameFiles(await (await device(false)).install(), stable.source);
  });

  test('reaches more devices when promoted, with the salt it has', async () => {
    const { workspace, source, published, device } = await openRollout();
    const outside = await device(false);
    await outside.install();
    expect(await outside.update()).toBeUndefined();
    const wider = await promote({ ...workspace, ...canary, to: 100 });
    expect(wider).toMatchObject({ changed: true, state: 'canary', percent: 100 });
    const [model] = (await inspect(workspace)).models;
    expect(model?.versions[0]?.rollout).toMatchObject({
      salt: published.rollout?.salt,
      fromBps: 0,
      toBps: 10_000,
    });
    await outside.update();
    await expectSameFiles(await outside.open(), source);
  });

  test('says when each of its shares was offered, and the same share again signs nothing', async () => {
    const workspace = await openWorkspace();
    await workspace.release();
    const { packed } = await workspace.packed({ version: '1.1.0', sequence: 2, seed: 2 });
    const startMs = Date.now();
    const at = (hours: number) => ({ ...workspace, now: () => startMs + hours * 3_600_000 });
    await publish({ ...at(0), packed, canaryPercent: 1 });
    await promote({ ...at(24), ...canary, to: 5 });
    expect(await promote({ ...at(25), ...canary, to: 5 })).toMatchObject({ changed: false });
    await promote({ ...at(48), ...canary, to: 25 });
    const [model] = (await inspect(workspace)).models;
    expect(model?.versions[0]?.rollout).toMatchObject({
      toBps: 2500,
      offeredMs: [startMs, startMs + 24 * 3_600_000, startMs + 48 * 3_600_000],
    });
  });

  test('becomes stable for every device', async () => {
    const { workspace, source, device } = await openRollout();
    const stable = await promote({ ...workspace, ...canary, to: 'stable' });
    expect(stable).toMatchObject({ changed: true, state: 'stable', percent: 100, sequence: 2 });
    await expectSameFiles(await (await device(false)).install(), source);
  });

  test('published again stays what it is', async () => {
    const { workspace, packed } = await openRollout();
    await promote({ ...workspace, ...canary, to: 20 });
    const before = await snapshotOf(workspace.repository);
    const again = await publish({ ...workspace, packed, canaryPercent: 10 });
    expect(again).toMatchObject({ changed: false, state: 'canary', rollout: { toBps: 2000 } });
    expect(await snapshotOf(workspace.repository)).toEqual(before);
  });

  test.each([0, -1, 101, 0.001, Number.NaN])('of %d percent is refused', async (canaryPercent) => {
    const workspace = await openWorkspace();
    const { packed } = await workspace.packed();
    await expect(publish({ ...workspace, packed, canaryPercent })).rejects.toThrow(RangeError);
    const promoting = promote({ ...workspace, ...canary, to: canaryPercent });
    await expect(promoting).rejects.toThrow(RangeError);
  });
});

describe('while a canary is out', () => {
  test('another is refused with the commands that end the first, and nothing is written', async () => {
    const { workspace, next } = await openRollout();
    const before = await snapshotOf(workspace.repository);
    const second = publish({ ...workspace, packed: next.packed, canaryPercent: 5 });
    await expect(second).rejects.toMatchObject({
      code: 'canary-out',
      message: expect.stringContaining(
        `nearside promote tiny 1.1.0 --repo ${workspace.repository} --stable`,
      ),
      details: { canary: '1.1.0' },
    });
    expect(await snapshotOf(workspace.repository)).toEqual(before);
  });

  test.each([
    ['promoted to all', (w: Workspace) => promote({ ...w, ...canary, to: 'stable' })],
    ['revoked', (w: Workspace) => revoke({ ...w, ...canary })],
  ])('another is published once the first is %s', async (_what, end) => {
    const { workspace, next } = await openRollout();
    await end(workspace);
    const published = await publish({ ...workspace, packed: next.packed, canaryPercent: 5 });
    expect(published).toMatchObject({ changed: true, state: 'canary' });
    expect(published).not.toHaveProperty('note');
  });

  test('a version for all may be published, which says that the canary is over', async () => {
    const { workspace, next, device } = await openRollout();
    const inside = await device(true);
    await inside.install();
    const hotfix = await publish({ ...workspace, packed: next.packed });
    expect(hotfix.note).toBe('The canary 1.1.0 is over: all devices are offered 1.2.0.');
    await inside.update();
    await expectSameFiles(await inside.open(), next.source);
    for (const to of [50, 'stable'] as const) {
      await expect(promote({ ...workspace, ...canary, to })).rejects.toMatchObject({
        code: 'version-conflict',
        message: expect.stringContaining('one that is over, because 1.2.0 is newer'),
      });
    }
    const [model] = (await inspect(workspace)).models;
    const over = model?.versions.map(({ version, isOver }) => [version, isOver]);
    expect(over).toEqual([
      ['1.2.0', false],
      ['1.1.0', true],
      ['1.0.0', false],
    ]);
    const { packed } = await workspace.packed({ version: '1.3.0', sequence: 4, seed: 4 });
    const another = await publish({ ...workspace, packed, canaryPercent: 5 });
    expect(another).toMatchObject({ changed: true, state: 'canary' });
  });

  test('a canary that a version for all has ended stays over when that one is revoked', async () => {
    const { workspace, stable, next, device } = await openRollout();
    await publish({ ...workspace, packed: next.packed });
    await revoke({ ...workspace, model: 'tiny', version: '1.2.0' });
    await expectSameFiles(await (await device(true)).install(), stable.source);
  });

  test('a clock that was turned back moves it no further, and takes it back', async () => {
    const { workspace } = await openRollout();
    const back = { ...workspace, ...canary, now: () => Date.now() - 3_600_000 };
    for (const to of [50, 'stable'] as const) {
      await expect(promote({ ...back, to })).rejects.toMatchObject({ code: 'clock-behind' });
    }
    expect(await revoke(back)).toMatchObject({ changed: true });
  });

  test('one whose bundle is gone is offered to nobody more, and taken back', async () => {
    const { workspace, published } = await openRollout();
    const bundle = `${published.manifestSha256}.tiny-1.1.0.oms.json`;
    await rm(join(workspace.repository, 'targets', bundle));
    const wider = promote({ ...workspace, ...canary, to: 50 });
    await expect(wider).rejects.toMatchObject({ code: 'file-missing' });
    expect(await revoke({ ...workspace, ...canary })).toMatchObject({ changed: true });
  });
});

describe('a revoked version', () => {
  test('is run by no device any more, installed or not', async () => {
    const { workspace, stable, device } = await openRollout();
    const inside = await device(true);
    await inside.install();
    const revocation = await revoke({ ...workspace, ...canary });
    expect(revocation).toMatchObject({
      changed: true,
      state: 'revoked',
      fallback: { version: '1.0.0', sequence: 1 },
    });
    await inside.update().catch(() => {});
    await expectSameFiles(await (await device(true)).install(), stable.source);
  });

  test('says which version to go back to', async () => {
    const { workspace } = await openRollout();
    await workspace.release({ version: '1.2.0', sequence: 3, seed: 3 });
    await revoke({ ...workspace, model: 'tiny', version: '1.2.0', fallback: '1.0.0' });
    const [model] = (await inspect(workspace)).models;
    expect(model?.versions[0]).toMatchObject({ state: 'revoked', fallbackSequence: 1 });
  });

  test('is no fallback, and where a fallback was revoked later the next call names another', async () => {
    const { workspace } = await openRollout();
    await promote({ ...workspace, ...canary, to: 'stable' });
    const newest = { ...workspace, model: 'tiny', version: '1.2.0' };
    await workspace.release({ version: '1.2.0', sequence: 3, seed: 3 });
    expect(await revoke(newest)).toMatchObject({ fallback: { version: '1.1.0' } });
    await revoke({ ...workspace, ...canary });
    await expect(revoke({ ...newest, fallback: '1.1.0' })).rejects.toMatchObject({
      code: 'version-conflict',
      details: { state: 'revoked' },
    });
    expect(await revoke(newest)).toMatchObject({ changed: true, fallback: { version: '1.0.0' } });
    expect(await revoke(newest)).toMatchObject({ changed: false });
  });

  test('does not come back: neither promoted nor published again', async () => {
    const { workspace, packed } = await openRollout();
    await revoke({ ...workspace, ...canary });
    const before = await snapshotOf(workspace.repository);
    await expect(promote({ ...workspace, ...canary, to: 'stable' })).rejects.toMatchObject({
      code: 'version-conflict',
    });
    await expect(publish({ ...workspace, packed })).rejects.toMatchObject({
      code: 'version-conflict',
      message: expect.stringContaining('A revocation is for good'),
    });
    expect(await snapshotOf(workspace.repository)).toEqual(before);
  });
});

describe('a canary that is the first version of its model', () => {
  test('says that a repository was made, and that the other devices have nothing', async () => {
    const workspace = await openWorkspace();
    const { packed } = await workspace.packed();
    const first = await publish({ ...workspace, packed, canaryPercent: 5 });
    expect(first).toMatchObject({ newRepository: true, state: 'canary' });
    expect(first.note).toContain('No version of tiny is for all devices');
    const again = await publish({ ...workspace, packed, canaryPercent: 5 });
    expect(again).toMatchObject({ newRepository: false, changed: false });
  });
});

describe('a share that is asked for when the version is published already', () => {
  test('is ignored, which is said, because offers never narrow', async () => {
    const workspace = await openWorkspace();
    const { packed } = await workspace.release();
    const again = await publish({ ...workspace, packed, canaryPercent: 5 });
    expect(again).toMatchObject({ changed: false, state: 'stable', filesWritten: 0 });
    expect(again.note).toContain('The share of 5 % was ignored: tiny 1.0.0 is stable already.');
    expect(await publish({ ...workspace, packed })).not.toHaveProperty('note');
  });

  test('is said to be for promote where it differs from that of the canary', async () => {
    const { workspace, packed } = await openRollout();
    expect(await publish({ ...workspace, packed, canaryPercent: 30 })).toMatchObject({
      changed: false,
      note: expect.stringContaining('nearside promote tiny 1.1.0'),
    });
  });
});

describe('promote and revoke', () => {
  test('need neither the model key nor the root key', async () => {
    const { workspace } = await openRollout();
    for (const key of ['root.pem', 'model.pem']) await rm(join(workspace.keys, key));
    expect(await promote({ ...workspace, ...canary, to: 20 })).toMatchObject({ changed: true });
    expect(await revoke({ ...workspace, ...canary })).toMatchObject({ changed: true });
  });

  test('sign nothing, and need no key, when nothing changes', async () => {
    const { workspace } = await openRollout();
    await promote({ ...workspace, ...canary, to: 20 });
    await revoke({ ...workspace, model: 'tiny', version: '1.0.0', force: true });
    const before = await snapshotOf(workspace.repository);
    await rm(workspace.keys, { recursive: true });
    expect(await promote({ ...workspace, ...canary, to: 20 })).toMatchObject({ changed: false });
    const again = await revoke({ ...workspace, model: 'tiny', version: '1.0.0' });
    expect(again).toMatchObject({ changed: false, fallback: undefined });
    expect(await snapshotOf(workspace.repository)).toEqual(before);
  });

  test.each<[string, string, (w: { repository: string; keys: string }) => Promise<unknown>]>([
    ['a narrower rollout', 'version-conflict', (w) => promote({ ...w, ...canary, to: 9 })],
    [
      'a share of what every device runs',
      'version-conflict',
      (w) => promote({ ...w, model: 'tiny', version: '1.0.0', to: 50 }),
    ],
    [
      'an unknown version',
      'no-version',
      (w) => promote({ ...w, model: 'tiny', version: '7.0.0', to: 'stable' }),
    ],
    ['an unknown model', 'model-not-found', (w) => revoke({ ...w, ...canary, model: 'large' })],
    [
      'the last version that every device may run',
      'gate-refused',
      (w) => revoke({ ...w, model: 'tiny', version: '1.0.0' }),
    ],
    [
      'a canary as fallback',
      'version-conflict',
      (w) => revoke({ ...w, model: 'tiny', version: '1.0.0', fallback: '1.1.0' }),
    ],
    [
      'itself as fallback',
      'version-conflict',
      (w) => revoke({ ...w, model: 'tiny', version: '1.0.0', fallback: '1.0.0' }),
    ],
  ])('refuse %s (%s) and write nothing', async (_, code, act) => {
    const { workspace } = await openRollout();
    const before = await snapshotOf(workspace.repository);
    await expect(act(workspace)).rejects.toMatchObject({ code });
    expect(await snapshotOf(workspace.repository)).toEqual(before);
  });

  test('name the versions that there are', async () => {
    const { workspace } = await openRollout();
    const unknown = revoke({ ...workspace, model: 'tiny', version: '7.0.0' });
    await expect(unknown).rejects.toMatchObject({
      message: expect.stringContaining('1.1.0 (canary), 1.0.0 (stable)'),
      details: { offered: ['1.1.0', '1.0.0'] },
    });
  });

  test('where there is no repository say so and make none', async () => {
    const workspace = await openWorkspace();
    const repository = join(workspace.directory, 'some', 'where');
    const revoking = revoke({ ...canary, repository, keys: workspace.keys });
    await expect(revoking).rejects.toMatchObject({ code: 'file-missing' });
    await expect(rm(join(workspace.directory, 'some'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
