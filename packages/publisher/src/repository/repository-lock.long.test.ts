import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { inspect } from '../library/inspect.js';
import { publish } from '../library/publish.js';
import { serveRepository } from '../library/serve-repository.js';
import { expectSameFiles, openDevice } from '../testing/device.js';
import { bundlePublisher, runPublisher, whyNoContainers } from '../testing/run-publisher.js';
import { openWorkspace, temporaryDirectory } from '../testing/workspace.js';

// Many publishes each: seconds, and more where other suites run beside.
vi.setConfig({ testTimeout: 60_000 });

test('publishers in processes of their own do not undo each other’s work', async () => {
  const workspace = await openWorkspace();
  const { repository, keys } = workspace;
  const bundle = await bundlePublisher(await temporaryDirectory());
  const names = ['one', 'two', 'three', 'four'];
  const packed: string[] = [];
  for (const [i, name] of names.entries()) {
    packed.push((await workspace.packed({ name, seed: i + 1 })).packed);
  }
  const runs = await Promise.all(
    packed.map((directory) => runPublisher(bundle, { packed: directory, repository, keys })),
  );
  expect(runs.map(({ printed }) => printed)).toEqual(names.map(() => 'published'));
  const { models, roles } = await inspect(workspace);
  expect(models.map(({ name, boot }) => [name, boot.state])).toEqual(
    [...names].sort().map((name) => [name, 'fresh']),
  );
  expect(roles.find(({ role }) => role === 'targets')?.version).toBe(names.length);
  expect(models.flatMap(({ versions }) => versions.map(({ problem }) => problem))).toEqual(
    names.map(() => undefined),
  );
});

test('publishers in containers that share a host name lose no release that one said is published', async ({
  skip,
}) => {
  const reason = whyNoContainers();
  skip(reason !== undefined, reason);
  const workspace = await openWorkspace();
  const { keys, directory } = workspace;
  const bundle = await bundlePublisher(join(directory, 'bundle'));
  const names = ['four', 'one', 'three', 'two'];
  const packed: string[] = [];
  for (const [i, name] of names.entries()) {
    packed.push((await workspace.packed({ name, seed: i + 1 })).packed);
  }
  for (let round = 0; round < 4; round += 1) {
    const repository = join(directory, `repository-${round}`);
    const runs = await Promise.all(
      packed.map((from) =>
        runPublisher(bundle, { packed: from, repository, keys, asContainer: true }),
      ),
    );
    expect(runs.map(({ printed }) => printed)).toEqual(names.map(() => 'published'));
    const { models } = await inspect({ repository });
    expect(models.map(({ name }) => name)).toEqual(names);
  }
});

test('a publisher killed at any file leaves a repository that serves, and that the next completes', async () => {
  const workspace = await openWorkspace();
  const { keys } = workspace;
  const first = await workspace.release();
  const { packed, source } = await workspace.packed({ version: '1.1.0', sequence: 2, seed: 2 });
  const directory = await temporaryDirectory();
  const bundle = await bundlePublisher(join(directory, 'bundle'));
  const repository = join(directory, 'copy');
  for (let killAtRename = 0; ; killAtRename += 1) {
    await rm(repository, { recursive: true, force: true });
    await cp(workspace.repository, repository, { recursive: true });
    const run = await runPublisher(bundle, { packed, repository, keys, killAtRename });
    await using server = await serveRepository({ dir: repository, port: 0 });
    const address = { url: server.url, pin: first.pin };
    const between = await openDevice(address).install();
    const { version } = between.release;
    await expectSameFiles(between, version === '1.0.0' ? first.source : source);

    await publish({ packed, repository, keys });
    await expectSameFiles(await openDevice(address).install(), source);
    expect((await inspect({ repository })).models[0]?.boot.state).toBe('fresh');
    if (run.signal !== 'SIGKILL') {
      expect(run.printed).toBe('published');
      return expect(killAtRename).toBeGreaterThanOrEqual(8);
    }
  }
});
