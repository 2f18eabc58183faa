import { createMemoryStore } from '@nearside/artifact';
import { expect, onTestFinished, test } from 'vitest';
import { expectSameFiles, openDevice } from '../testing/device.js';
import { snapshotOf } from '../testing/snapshot.js';
import { publishedOnce } from '../testing/workspace.js';
import { inspect } from './inspect.js';
import { promote } from './promote.js';
import { prune } from './prune.js';
import { publish } from './publish.js';
import { revoke } from './revoke.js';
import { serveRepository } from './serve-repository.js';
import { verify } from './verify.js';

const shadow = { model: 'tiny', version: '1.1.0' };

/** A version for all, another packed, a third, and one that decides nothing. */
const openShadow = publishedOnce(async (workspace) => {
  const stable = await workspace.release({ decides: true });
  const make = (minor: number, model = {}) =>
    workspace.packed({ version: `1.${minor}.0`, sequence: minor + 1, decides: true, ...model });
  const [second, third] = [await make(1, { seed: 2 }), await make(2, { seed: 3 })];
  const published = await publish({ ...workspace, packed: second.packed, shadowPercent: 20 });
  const bare = await workspace.packed({ name: 'bare', decides: true });
  const undecided = await workspace.packed({ version: '1.3.0', sequence: 4 });
  return { stable, second, third, published, bare, undecided };
});

async function versionsOf(workspace: { repository: string }) {
  const [model] = (await inspect(workspace)).models;
  return model?.versions.map(({ version, state, isOver }) => ({ version, state, isOver }));
}

test('a shadow is signed for a share of devices, and no device is served by it', async () => {
  const { workspace, stable, published } = await openShadow();
  expect(published).toMatchObject({
    state: 'shadow',
    rollout: { salt: expect.stringMatching(/^[0-9a-f]{32}$/), fromBps: 0, toBps: 2000 },
  });
  const server = await serveRepository({ dir: workspace.repository, port: 0 });
  onTestFinished(() => server.close());
  const place = { url: server.url, pin: stable.pin, store: createMemoryStore() };
  const device = await openDevice({ ...place, installId: '0'.repeat(32) });
  await expectSameFiles(await device.install(), stable.source);
  const repository = workspace.repository;
  expect(await verify({ repository, trust: stable.pin })).toMatchObject({ ok: true });
});

test('a shadow that is promoted to a share is a canary of the same salt, since now', async () => {
  const { workspace, published } = await openShadow();
  const nowMs = Date.now() + 3_600_000;
  const now = () => nowMs;
  expect(await promote({ ...workspace, ...shadow, to: 5, now })).toMatchObject({
    state: 'canary',
    percent: 5,
  });
  const [model] = (await inspect(workspace)).models;
  expect(model?.versions[0]).toMatchObject({
    state: 'canary',
    isOver: false,
    rollout: { salt: published.rollout?.salt, fromBps: 0, toBps: 500, offeredMs: [nowMs] },
  });
});

test('a shadow that is promoted to all is stable', async () => {
  const { workspace } = await openShadow();
  await promote({ ...workspace, ...shadow, to: 'stable' });
  expect((await versionsOf(workspace))?.[0]).toMatchObject({ state: 'stable', isOver: false });
});

test('prune keeps the files of a shadow, and a revoked one is told from a version that served', async () => {
  const { workspace } = await openShadow();
  const later = () => Date.now() + 60_000;
  const { removed } = await prune({ ...workspace, olderThanMs: 0, keepNewest: 0, now: later });
  expect(removed.filter(({ path }) => !path.startsWith('metadata/'))).toEqual([]);
  expect(await revoke({ ...workspace, ...shadow })).toMatchObject({ was: 'shadow', changed: true });
  expect(await revoke({ ...workspace, ...shadow })).toMatchObject({ changed: false });
});

test('a newer shadow, and a version for all, end a shadow and say so', async () => {
  const { workspace, third, undecided } = await openShadow();
  const newer = await publish({ ...workspace, packed: third.packed, shadowPercent: 5 });
  expect(newer.note).toBe('The shadow 1.1.0 is over: 1.2.0 runs beside instead.');
  await expect(promote({ ...workspace, ...shadow, to: 5 })).rejects.toMatchObject({
    code: 'version-conflict',
    message: expect.stringContaining('expected a shadow that is out'),
  });
  const forAll = await publish({ ...workspace, packed: undecided.packed });
  expect(forAll.note).toBe('The shadow 1.2.0 is over: all devices are offered 1.3.0.');
  expect(await versionsOf(workspace)).toEqual([
    { version: '1.3.0', state: 'stable', isOver: false },
    { version: '1.2.0', state: 'shadow', isOver: true },
    { version: '1.1.0', state: 'shadow', isOver: true },
    { version: '1.0.0', state: 'stable', isOver: false },
  ]);
});

test('a shadow waits while a canary is out, and neither starts nor becomes a canary', async () => {
  const { workspace, third, undecided } = await openShadow();
  const canary = await publish({ ...workspace, packed: third.packed, canaryPercent: 5 });
  expect(canary.note).toBe('The shadow 1.1.0 does not run while this canary is out.');
  expect((await versionsOf(workspace))?.[1]).toMatchObject({ state: 'shadow', isOver: false });
  const before = await snapshotOf(workspace.repository);
  const isOut = { code: 'canary-out', details: { canary: '1.2.0' } };
  await expect(promote({ ...workspace, ...shadow, to: 5 })).rejects.toMatchObject(isOut);
  const forAll = promote({ ...workspace, ...shadow, to: 'stable' }); // what the canary is compared with would change
  await expect(forAll).rejects.toMatchObject(isOut);
  const another = publish({ ...workspace, packed: undecided.packed, shadowPercent: 5 });
  await expect(another).rejects.toMatchObject(isOut);
  expect(await snapshotOf(workspace.repository)).toEqual(before);
});

test('a shadow is refused where nothing serves, and where a model decides nothing', async () => {
  const { workspace, bare, undecided } = await openShadow();
  const first = publish({ ...workspace, packed: bare.packed, shadowPercent: 5 });
  await expect(first).rejects.toMatchObject({
    code: 'gate-refused',
    message: expect.stringContaining('a version that serves all devices'),
  });
  const bad = publish({ ...workspace, packed: undecided.packed, shadowPercent: 5 });
  await expect(bad).rejects.toMatchObject({
    code: 'gate-refused',
    message: expect.stringContaining('Publish it as a canary instead'),
  });
});

test('a version that is a shadow already stays one, and says how it becomes a canary', async () => {
  const { workspace, second } = await openShadow();
  const again = { ...workspace, packed: second.packed };
  expect(await publish({ ...again, shadowPercent: 20 })).not.toHaveProperty('note');
  const { note } = await publish({ ...again, canaryPercent: 5 });
  expect(note).toContain(
    `\`nearside promote tiny 1.1.0 --repo ${workspace.repository} --to 5\` makes it a canary.`,
  );
  const both = publish({ ...again, canaryPercent: 5, shadowPercent: 5 });
  await expect(both).rejects.toThrow(TypeError);
});
