import { cp, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { TIMESTAMP_PATH } from '@nearside/artifact';
import { describe, expect, test, vi } from 'vitest';
import { expectSameFiles, openDevice } from '../testing/device.js';
import { interrupt } from '../testing/failing-writer.js';
import { openWorkspace, temporaryDirectory, type Workspace } from '../testing/workspace.js';
import { delta } from './delta.js';
import { inspect } from './inspect.js';
import { promote } from './promote.js';
import { prune } from './prune.js';
import { publish } from './publish.js';
import { revoke } from './revoke.js';
import { serveRepository } from './serve-repository.js';

// Many publishes each: seconds, and more where other suites run beside.
vi.setConfig({ testTimeout: 60_000 });

vi.mock('../repository/writing/repository-writer.js', async (importOriginal) => {
  const { failingWriter } = await import('../testing/failing-writer.js');
  return failingWriter(await importOriginal());
});

/** Two versions, the newer a canary for everybody's half, and a third that is only packed. */
async function prepare() {
  const workspace = await openWorkspace();
  const first = await workspace.release();
  const { packed } = await workspace.packed({ version: '1.1.0', sequence: 2, nearSeed: 1 });
  await publish({ ...workspace, packed, canaryPercent: 50 });
  const third = await workspace.packed({ version: '1.2.0', sequence: 3, seed: 3 });
  return { workspace, pin: first.pin, third };
}

type Options = Pick<Workspace, 'repository' | 'keys'>;

describe('interrupted at any change, the repository serves devices, and the same call completes it', () => {
  const canary = { model: 'tiny', version: '1.1.0' };
  test.each<[string, number, (options: Options, packed: string) => Promise<unknown>]>([
    ['publish', 8, (options, packed) => publish({ ...options, packed })],
    ['promote to stable', 4, (options) => promote({ ...options, ...canary, to: 'stable' })],
    ['revoke', 4, (options) => revoke({ ...options, ...canary })],
    ['revoke the last', 4, (o) => revoke({ ...o, ...canary, version: '1.0.0', force: true })],
    ['delta', 4, (options) => delta({ ...options, ...canary, from: '1.0.0' })],
  ])('%s', async (name, atLeast, operation) => {
    const isLast = name === 'revoke the last';
    const { workspace, pin, third } = await prepare();
    const repository = join(await temporaryDirectory(), 'copy');
    const options = { keys: workspace.keys, repository };
    for (let at = 0; ; at += 1) {
      await rm(repository, { recursive: true, force: true });
      await cp(workspace.repository, repository, { recursive: true });
      const interrupted = await interrupt(at, () => operation(options, third.packed));
      await expectServes(repository, pin, { isLast });
      await operation(options, third.packed);
      await expectServes(repository, pin, { isLast });
      const [model] = (await inspect(options)).models;
      expect(['fresh', 'none']).toContain(model?.boot.state);
      if (!interrupted) return expect(at).toBeGreaterThanOrEqual(atLeast);
    }
  });

  test('prune', async () => {
    const { workspace, pin } = await prepare();
    await revoke({ ...workspace, model: 'tiny', version: '1.1.0' });
    // Two more generations, so that none that is kept offers the revoked version.
    const others = [3, 4].map((seed) => workspace.packed({ name: `other-${seed}`, seed }));
    const generations = await Promise.all(others);
    const repository = join(await temporaryDirectory(), 'copy');
    const options = { repository, olderThanMs: 0, keepNewest: 0, now: () => Date.now() + 1000 };
    for (let at = 0; ; at += 1) {
      await rm(repository, { recursive: true, force: true });
      await cp(workspace.repository, repository, { recursive: true });
      for (const { packed } of generations) {
        await publish({ keys: workspace.keys, repository, packed });
      }
      const interrupted = await interrupt(at, () => prune(options));
      await expectServes(repository, pin);
      await prune(options);
      await expectServes(repository, pin);
      expect((await prune(options)).removed).toEqual([]);
      if (!interrupted) return expect(at).toBeGreaterThanOrEqual(4);
    }
  });
});

test('a first publish interrupted at any write leaves no version or a whole one', async () => {
  const workspace = await openWorkspace();
  const { packed, source } = await workspace.packed();
  const { repository } = workspace;
  for (let at = 0; ; at += 1) {
    await rm(repository, { recursive: true, force: true });
    const interrupted = await interrupt(at, () => publish({ ...workspace, packed }));
    const isVisible = await stat(join(repository, TIMESTAMP_PATH)).then(
      () => true,
      () => false,
    );
    const { pin, changed } = await publish({ ...workspace, packed });
    expect(changed).toBe(!isVisible);
    await using server = await serveRepository({ dir: repository, port: 0 });
    await expectSameFiles(await openDevice({ url: server.url, pin }).install(), source);
    if (!interrupted) return expect(at).toBeGreaterThan(10);
  }
});

/** A device that knows the pin alone opens a version and gets every file of it. */
async function expectServes(
  repository: string,
  pin: string,
  { isLast = false }: { isLast?: boolean } = {},
): Promise<void> {
  await using server = await serveRepository({ dir: repository, port: 0 });
  const installing = openDevice({ url: server.url, pin }).install();
  const code = await installing.then(
    () => 'installed',
    (error) => error.code,
  );
  // Without a stable version the canary is all there is, and half of all devices may not run it.
  expect(isLast ? ['installed', 'no-version'] : ['installed']).toContain(code);
}
