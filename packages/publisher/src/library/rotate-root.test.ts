import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createMemoryStore, rootPath, snapshotPath, TIMESTAMP_PATH } from '@nearside/artifact';
import { describe, expect, onTestFinished, test } from 'vitest';
import { listFiles } from '../files/list-files.js';
import { readHeldKeys } from '../keys/held-keys.js';
import { KEY_ROLES, type KeyRole } from '../keys/key-files.js';
import { openDirectorySource, requireRepository } from '../repository/reading/open-repository.js';
import { resignRoles } from '../signing/resign-roles.js';
import { createTufSigner, signMetadata } from '../signing/tuf-signer.js';
import { expectSameFiles, openDevice } from '../testing/device.js';
import { publishedOnce, type Workspace } from '../testing/workspace.js';
import { generateKeys } from './generate-keys.js';
import { rotateRoot } from './rotate-root.js';
import { serveRepository } from './serve-repository.js';

const publishFirst = publishedOnce(async (workspace) => ({ first: await workspace.release() }));

async function serveRelease() {
  const { workspace, first } = await publishFirst();
  const server = await serveRepository({ dir: workspace.repository, port: 0 });
  onTestFinished(() => server.close());
  return { workspace, first, address: { url: server.url, pin: first.pin } };
}

async function installed(address: { url: string; pin: string }) {
  const device = openDevice({ ...address, store: createMemoryStore() });
  await device.install();
  return device;
}

async function rootOf({ repository }: Workspace) {
  const { trusted } = await requireRepository(openDirectorySource(repository), repository);
  return trusted.root;
}

async function contentOf(repository: string) {
  const names = (await listFiles(repository)) ?? [];
  return Promise.all(
    names.map(async (name) => [name, await readFile(join(repository, name), 'latin1')]),
  );
}

async function addKey({ keys }: Workspace, role: KeyRole) {
  const made = await generateKeys({ out: keys, role });
  return made.keys[0]?.id ?? '';
}

describe('a role whose keys are replaced', () => {
  test.each(KEY_ROLES.filter((role) => role !== 'model'))(
    'is signed by the new ones, and devices follow: %s',
    async (role) => {
      const { workspace, first, address } = await serveRelease();
      const device = await installed(address);
      const before = await rootOf(workspace);
      const id = await addKey(workspace, role);
      const rotation = await rotateRoot({ ...workspace, replace: [role] });
      expect(rotation).toMatchObject({
        changed: true,
        added: [id],
        removed: before.roles[role].keyids,
        metadata: { root: 2 },
      });

      // From here on the old key is of no use, and the new ones are enough.
      await rm(join(workspace.keys, `${role}.pem`));
      const second = await workspace.release({ version: '1.1.0', sequence: 2, seed: 2 });
      expect(second.pin).toBe(first.pin);
      const updated = await device.update();
      expect(updated?.release).toMatchObject({ sequence: 2 });
      await expectSameFiles(await openDevice(address).install(), second.source);
    },
  );

  test('keeps its content and its pin, and a root rotation alone signs nothing else', async () => {
    const { workspace } = await serveRelease();
    const before = await contentOf(workspace.repository);
    await addKey(workspace, 'root');
    await rotateRoot({ ...workspace, replace: ['root'] });
    const after = new Map((await contentOf(workspace.repository)) as [string, string][]);
    expect(after.has('metadata/2.root.json')).toBe(true);
    for (const [name, content] of before as [string, string][]) {
      if (!name.startsWith('boot/')) expect(after.get(name), name).toBe(content);
    }
  });

  test('tells in which order to upload: the root last, or before what only it accepts', async () => {
    const { workspace } = await serveRelease();
    await addKey(workspace, 'timestamp');
    const { files } = await rotateRoot({ ...workspace, replace: ['timestamp'] });
    expect(files).toEqual([TIMESTAMP_PATH, rootPath(2)]);
    await rm(join(workspace.keys, 'timestamp-2.pem'));
    await addKey(workspace, 'timestamp');
    const lost = await rotateRoot({ ...workspace, replace: ['timestamp'] });
    expect(lost.files).toEqual([rootPath(3), TIMESTAMP_PATH]);
  });

  test('with the same call again writes nothing', async () => {
    const { workspace } = await serveRelease();
    await addKey(workspace, 'timestamp');
    await rotateRoot({ ...workspace, replace: ['timestamp'] });
    const before = await contentOf(workspace.repository);
    const again = await rotateRoot({ ...workspace, replace: ['timestamp'] });
    expect(again).toMatchObject({ changed: false, metadata: { root: 2 } });
    expect(await contentOf(workspace.repository)).toEqual(before);
  });

  test('never gets a key back that an earlier root named', async () => {
    const { workspace } = await serveRelease();
    await addKey(workspace, 'timestamp');
    await rotateRoot({ ...workspace, replace: ['timestamp'] });
    const stolen = join(workspace.directory, 'stolen');
    await cp(workspace.keys, stolen, { recursive: true });
    for (const half of ['pem', 'pub.pem']) await rm(join(stolen, `timestamp-2.${half}`));
    await expect(
      rotateRoot({ ...workspace, newKeys: stolen, replace: ['timestamp'] }),
    ).rejects.toMatchObject({ code: 'file-missing' });
    await addKey(workspace, 'timestamp');
    await rotateRoot({ ...workspace, replace: ['timestamp'] });
    expect((await rootOf(workspace)).roles.timestamp.keyids).toHaveLength(1);
  });

  test('takes its new keys from another directory', async () => {
    const { workspace, address } = await serveRelease();
    const device = await installed(address);
    const newKeys = join(workspace.directory, 'new-keys');
    const { keys } = await generateKeys({ out: newKeys });
    const rotation = await rotateRoot({ ...workspace, newKeys, replace: ['root', 'targets'] });
    const ids = keys.filter(({ role }) => role === 'root' || role === 'targets');
    expect([...rotation.added].sort()).toEqual(ids.map(({ id }) => id).sort());
    expect(await device.update()).toBeUndefined();
  });

  test('needs a new key', async () => {
    const { workspace } = await serveRelease();
    await expect(rotateRoot({ ...workspace, replace: ['snapshot'] })).rejects.toMatchObject({
      code: 'file-missing',
      message: expect.stringContaining('nearside keygen'),
    });
  });
});

describe('a next root is signed to the threshold of the old one and of its own', () => {
  test('so that two of three root keys can lose one and go on', async () => {
    const { workspace, address } = await serveRelease();
    const device = await installed(address);
    await generateKeys({ out: workspace.keys, role: 'root', count: 2 });
    await rotateRoot({ ...workspace, add: ['root'], thresholds: { root: 2 } });
    const { root } = (await rootOf(workspace)).roles;
    expect(root).toMatchObject({ threshold: 2 });
    expect(root.keyids).toHaveLength(3);

    await rm(join(workspace.keys, 'root.pem'));
    const lost = root.keyids[0] ?? '';
    await rotateRoot({ ...workspace, removeKeys: [lost.slice(0, 8)] });
    expect((await rootOf(workspace)).roles.root.keyids).toEqual(root.keyids.slice(1));
    expect(await device.update()).toBeUndefined();

    await rm(join(workspace.keys, 'root-2.pem'));
    await addKey(workspace, 'timestamp');
    await expect(rotateRoot({ ...workspace, replace: ['timestamp'] })).rejects.toMatchObject({
      code: 'threshold-not-met',
      details: { role: 'root', threshold: 2 },
    });
  });

  test('and a threshold that no longer can be met is refused', async () => {
    const { workspace } = await serveRelease();
    const before = await contentOf(workspace.repository);
    await expect(rotateRoot({ ...workspace, thresholds: { targets: 2 } })).rejects.toMatchObject({
      code: 'threshold-not-met',
      details: { role: 'targets', threshold: 2, keys: 1 },
    });
    expect(await contentOf(workspace.repository)).toEqual(before);
  });
});

describe('model keys', () => {
  test('are added, sign the next version, and leave once no version needs them', async () => {
    const { workspace, first, address } = await serveRelease();
    const [old] = Object.keys((await rootOf(workspace))['x-nearside-model-keys']);
    const id = await addKey(workspace, 'model');
    await rotateRoot({ ...workspace, add: ['model'] });
    await expectSameFiles(await openDevice(address).install(), first.source);

    const second = await workspace.release({ version: '1.1.0', sequence: 2, seed: 2 });
    const removal = { ...workspace, removeKeys: [old ?? ''] };
    await expect(rotateRoot(removal)).rejects.toMatchObject({
      code: 'gate-refused',
      details: { versions: ['tiny 1.0.0'] },
    });
    const rotation = await rotateRoot({ ...removal, dropVersions: true });
    expect(rotation).toMatchObject({ removed: [old], droppedVersions: ['tiny 1.0.0'] });
    expect(Object.keys((await rootOf(workspace))['x-nearside-model-keys'])).toEqual([id]);
    await expectSameFiles(await openDevice(address).install(), second.source);
    expect(await rotateRoot(removal)).toMatchObject({ changed: false });
  });

  test('of a version whose bundle is lost are in nobody’s way', async () => {
    const { workspace } = await serveRelease();
    const [old = ''] = Object.keys((await rootOf(workspace))['x-nearside-model-keys']);
    await addKey(workspace, 'model');
    await rm(join(workspace.repository, 'targets'), { recursive: true });
    await addKey(workspace, 'timestamp');
    expect(await rotateRoot({ ...workspace, replace: ['timestamp'] })).toMatchObject({
      changed: true,
    });
    expect(await rotateRoot({ ...workspace, replace: ['model'] })).toMatchObject({
      removed: [old],
      droppedVersions: [],
    });
  });

  test('cannot all leave', async () => {
    const { workspace } = await serveRelease();
    const removeKeys = Object.keys((await rootOf(workspace))['x-nearside-model-keys']);
    await expect(
      rotateRoot({ ...workspace, removeKeys, dropVersions: true }),
    ).rejects.toMatchObject({ code: 'threshold-not-met' });
  });
});

test.each(['deadbeef', '', 'x'])(
  'a key to remove that is none is a wrong option: %j',
  async (id) => {
    const { workspace } = await serveRelease();
    await expect(rotateRoot({ ...workspace, removeKeys: [id] })).rejects.toThrow(RangeError);
  },
);

describe('a forged rotation', () => {
  test('by a thief of all online keys is refused, and what is installed goes on', async () => {
    const { workspace, first, address } = await serveRelease();
    const device = await installed(address);
    const root = await rootOf(workspace);
    const thief = join(workspace.directory, 'thief');
    await generateKeys({ out: thief });
    const [forged] = await readHeldKeys({ keys: thief }, ['root']);
    const online = await readHeldKeys(workspace, ['targets', 'snapshot', 'timestamp']);
    const signers = [forged, ...online].flatMap((key) => (key ? createTufSigner(key.key) : []));
    const keyid = forged?.id ?? '';
    const next = {
      ...root,
      version: 2,
      keys: { ...root.keys, [keyid]: signers[0]?.key },
      roles: { ...root.roles, root: { keyids: [keyid], threshold: 1 } },
    };
    await writeFile(join(workspace.repository, rootPath(2)), signMetadata(next, signers));
    await expect(device.check()).rejects.toMatchObject({ code: 'signature-invalid' });
    await expectSameFiles(await device.open(), first.source);
    await expect(openDevice(address).install()).rejects.toMatchObject({
      code: 'signature-invalid',
    });
  });

  test('signed by the old root key alone, not by its own, is refused', async () => {
    const { workspace, address } = await serveRelease();
    const root = await rootOf(workspace);
    const { keys } = await generateKeys({ out: join(workspace.directory, 'x'), role: 'root' });
    const [old] = await readHeldKeys(workspace, ['root']);
    const next = {
      ...root,
      version: 2,
      roles: { ...root.roles, root: { keyids: [keys[0]?.id], threshold: 1 } },
    };
    const signer = old ? [createTufSigner(old.key)] : [];
    await writeFile(join(workspace.repository, rootPath(2)), signMetadata(next, signer));
    await expect(openDevice(address).install()).rejects.toMatchObject({
      code: 'signature-invalid',
    });
  });
});

test('devices that a thief of timestamp and snapshot keys led far ahead come back', async () => {
  const { workspace, address } = await serveRelease();
  const device = await installed(address);
  const honest = join(workspace.directory, 'honest');
  await cp(workspace.repository, honest, { recursive: true });
  await publishFarAhead(workspace);
  await device.check();
  const { version } = JSON.parse(
    await readFile(join(workspace.repository, TIMESTAMP_PATH), 'utf8'),
  ).signed;
  expect(version).toBe(1_000_001);

  // The publisher's own copy knows nothing of it; its next versions are lower.
  await rm(workspace.repository, { recursive: true });
  await cp(honest, workspace.repository, { recursive: true });
  await expect(device.check()).rejects.toMatchObject({ code: 'metadata-rollback' });
  await addKey(workspace, 'timestamp');
  await addKey(workspace, 'snapshot');
  await rotateRoot({ ...workspace, replace: ['timestamp', 'snapshot'] });
  await workspace.release({ version: '1.1.0', sequence: 2, seed: 2 });
  expect((await device.update())?.release).toMatchObject({ sequence: 2 });
});

async function publishFarAhead({ repository, keys }: Workspace): Promise<void> {
  const { trusted } = await requireRepository(openDirectorySource(repository), repository);
  const { timestamp, snapshot } = trusted;
  const ahead = <T extends { signed: { version: number } }>(metadata: T | undefined) =>
    metadata && { ...metadata, signed: { ...metadata.signed, version: 1_000_000 } };
  const held = await readHeldKeys({ keys }, ['snapshot', 'timestamp']);
  const { files } = resignRoles({
    trusted: { ...trusted, timestamp: ahead(timestamp), snapshot: ahead(snapshot) },
    roles: ['snapshot'],
    sign: (role, signed) =>
      signMetadata(
        signed,
        held.filter((key) => key.role === role).map(({ key }) => createTufSigner(key)),
      ),
    nowMs: Date.now(),
  });
  expect([...files.keys()]).toEqual([snapshotPath(1_000_001), TIMESTAMP_PATH]);
  for (const [path, bytes] of files) await writeFile(join(repository, path), bytes);
}
