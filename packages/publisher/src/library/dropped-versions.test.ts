import { expect, test } from 'vitest';
import { expectSameFiles, openDevice } from '../testing/device.js';
import { openWorkspace } from '../testing/workspace.js';
import { generateKeys } from './generate-keys.js';
import { inspect } from './inspect.js';
import { prune } from './prune.js';
import { revoke } from './revoke.js';
import { rotateRoot } from './rotate-root.js';
import { serveRepository } from './serve-repository.js';

/** A repository whose only version was signed by a model key that root no longer names. */
async function openDropped() {
  const workspace = await openWorkspace();
  const { pin } = await workspace.release();
  await generateKeys({ out: workspace.keys, role: 'model' });
  await rotateRoot({ ...workspace, replace: ['model'], dropVersions: true });
  return { workspace, pin };
}

test('a version that a rotation dropped has no boot file and does not hold up the next', async () => {
  const { workspace, pin } = await openDropped();
  expect((await inspect(workspace)).models[0]?.boot.state).toBe('none');
  // Nobody runs 1.0.0 any more, so that its schema binds nobody.
  const next = { version: '1.1.0', sequence: 2, inputName: 'pixels' };
  const { source } = await workspace.release(next);
  expect((await inspect(workspace)).models[0]?.boot.state).toBe('fresh');
  await using server = await serveRepository({ dir: workspace.repository, port: 0 });
  await expectSameFiles(await openDevice({ url: server.url, pin }).install(), source);
});

test('prune keeps its files until it is revoked', async () => {
  const { workspace } = await openDropped();
  await workspace.release({ version: '1.1.0', sequence: 2, seed: 2 });
  const old = { ...workspace, olderThanMs: 0, keepNewest: 0, now: () => Date.now() + 1000 };
  const bundles = async () =>
    (await prune({ ...old, dryRun: true })).removed
      .map(({ path }) => path)
      .filter((path) => path.startsWith('targets/'));
  expect(await bundles()).toEqual([]);
  await revoke({ ...workspace, model: 'tiny', version: '1.0.0' });
  await workspace.release({ version: '1.2.0', sequence: 3, seed: 3 });
  expect(await bundles()).toEqual([expect.stringContaining('tiny-1.0.0')]);
});
