import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createMemoryStore } from '@nearside/artifact';
import { describe, expect, test, vi } from 'vitest';
import { openDirectorySource } from '../repository/reading/open-repository.js';
import { readRepository } from '../repository/reading/read-repository.js';
import { expectSameFiles, openDevice } from '../testing/device.js';
import { interrupt } from '../testing/failing-writer.js';
import { openWorkspace } from '../testing/workspace.js';
import { generateKeys } from './generate-keys.js';
import { rotateRoot } from './rotate-root.js';
import { serveRepository } from './serve-repository.js';

vi.mock('../repository/writing/repository-writer.js', async (importOriginal) => {
  const { failingWriter } = await import('../testing/failing-writer.js');
  return failingWriter(await importOriginal());
});

async function installed(address: { url: string; pin: string }) {
  const device = openDevice({ ...address, store: createMemoryStore() });
  await device.install();
  return device;
}

describe('a rotation interrupted at any write', { timeout: 30_000 }, () => {
  test('leaves a repository that every device accepts, and can be done again', async () => {
    const workspace = await openWorkspace();
    const first = await workspace.release();
    for (const role of ['root', 'targets', 'snapshot', 'timestamp'] as const) {
      await generateKeys({ out: workspace.keys, role });
    }
    const replace = ['root', 'targets', 'snapshot', 'timestamp'] as const;
    const repository = join(workspace.directory, 'copy');
    for (let at = 0; ; at += 1) {
      await rm(repository, { recursive: true, force: true });
      await cp(workspace.repository, repository, { recursive: true });
      await using server = await serveRepository({ dir: repository, port: 0 });
      const address = { url: server.url, pin: first.pin };
      const device = await installed(address);
      const options = { ...workspace, repository, replace };
      const interrupted = await interrupt(at, () => rotateRoot(options));
      expect(await device.update()).toBeUndefined();
      await expectSameFiles(await openDevice(address).install(), first.source);
      await rotateRoot(options);
      expect(await device.update()).toBeUndefined();
      await expectSameFiles(await openDevice(address).install(), first.source);
      if (!interrupted) return expect(at).toBeGreaterThanOrEqual(4);
    }
  });

  test('is completed by the same call also where the old keys are lost', async () => {
    const workspace = await openWorkspace();
    const first = await workspace.release();
    await generateKeys({ out: workspace.keys, role: 'timestamp' });
    await generateKeys({ out: workspace.keys, role: 'targets' });
    await rm(join(workspace.keys, 'timestamp.pem'));
    await rm(join(workspace.keys, 'targets.pem'));
    const repository = join(workspace.directory, 'copy');
    let voided = 0;
    for (let at = 0; ; at += 1) {
      await rm(repository, { recursive: true, force: true });
      await cp(workspace.repository, repository, { recursive: true });
      await using server = await serveRepository({ dir: repository, port: 0 });
      const address = { url: server.url, pin: first.pin };
      const device = await installed(address);
      const options = { ...workspace, repository, replace: ['timestamp', 'targets'] as const };
      const interrupted = await interrupt(at, () => rotateRoot(options));
      const state = readRepository(openDirectorySource(repository));
      if (
        await state.then(
          () => false,
          () => true,
        )
      )
        voided += 1;
      await expectSameFiles(await device.open(), first.source);
      await rotateRoot(options);
      expect(await device.update()).toBeUndefined();
      await expectSameFiles(await openDevice(address).install(), first.source);
      if (!interrupted) break;
    }
    expect(voided).toBe(1);
  });
});
