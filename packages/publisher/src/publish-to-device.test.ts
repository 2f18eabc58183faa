import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleName, createMemoryStore, TIMESTAMP_PATH } from '@nearside/artifact';
import { ERROR_CODES, MAX_CHUNK_BYTES, type Store } from '@nearside/core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { generateKeys } from './generate-keys.js';
import { type HeldKey, readHeldKeys } from './keys/held-keys.js';
import type { KeyRole } from './keys/key-files.js';
import { pack } from './pack.js';
import { listFiles } from './packing/list-files.js';
import { type Publication, publish } from './publish.js';
import { readPackedVersion } from './repository/packed-version.js';
import { serveRepository } from './serve-repository.js';
import { sha256Hex } from './sha256-hex.js';
import { createOmsSigner } from './signing/oms-signer.js';
import { createTufSigner, signMetadata } from './signing/tuf-signer.js';
import { DAMAGES, flip } from './testing/damages.js';
import { expectSameFiles, openDevice } from './testing/device.js';
import { forgeTargets } from './testing/forge-targets.js';
import { openWorkspace, type Workspace } from './testing/workspace.js';

const DAY_MS = 86_400_000;

/**
 * One published version and a server that has it; without its boot file, so that devices walk
 * through the very files that are damaged here.
 */
async function serveRelease(model = {}) {
  const workspace = await openWorkspace();
  const first = await workspace.release(model);
  await removeBootFiles(workspace);
  const server = await serveRepository({ dir: workspace.repository, port: 0 });
  onTestFinished(() => server.close());
  return { workspace, first, server, address: { url: server.url, pin: first.pin } };
}

test('what is published opens on a device, every file byte for byte', async () => {
  const { first, address } = await serveRelease();
  const device = openDevice(address);
  const version = await device.install();
  expect(version).toMatchObject({ origin: 'network', arm: 'stable' });
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

describe('a published file that is damaged on its way', () => {
  test.each(Object.entries(DAMAGES))('is a coded error, and heals: %s', async (_, damage) => {
    const { workspace, first, address } = await serveRelease();
    for (const name of (await listFiles(workspace.repository)) ?? []) {
      const device = openDevice(address);
      await withDamage(workspace, name, damage, () => expectCoded(device.install(), name));
      await expectSameFiles(await device.install(), first.source);
    }
  });

  test.each(Object.entries(DAMAGES))('leaves the version before: %s', async (_, damage) => {
    const { workspace, first, address } = await serveRelease();
    const before = await listFiles(workspace.repository);
    const { store } = await installed(address);
    const second = await workspace.release({ version: '1.1.0', sequence: 2, seed: 2 });
    await removeBootFiles(workspace);
    const published = (await listFiles(workspace.repository)) ?? [];
    const changed = published.filter((name) => !before?.includes(name) || name === TIMESTAMP_PATH);
    expect(changed).toHaveLength(7); // four of metadata, the weights, model.json, layout.json

    for (const name of changed) {
      const device = openDevice({ ...address, store: await copyOf(store) });
      await withDamage(workspace, name, damage, () => expectCoded(device.update(), name));
      await expectSameFiles(await device.open(), first.source);
      await device.update();
      await expectSameFiles(await device.open(), second.source);
    }
  });

  test('may lose bits of gzip that say nothing: the content decides', async () => {
    const { workspace, first, address } = await serveRelease();
    const names = (await listFiles(workspace.repository)) ?? [];
    const compressed = names.filter((name) => name.endsWith('.z'));
    expect(compressed.length).toBeGreaterThan(2);
    const flipSystem = (bytes: Uint8Array) => flip(bytes, 9);
    for (const name of compressed) {
      await withDamage(workspace, name, flipSystem, async () => {
        await expectSameFiles(await openDevice(address).install(), first.source);
      });
    }
  });
});

test('another repository under the same pin is a pin mismatch', async () => {
  const { address } = await serveRelease();
  const other = await serveRelease();
  const device = openDevice({ url: address.url, pin: other.first.pin });
  await expect(device.open()).rejects.toMatchObject({ code: 'pin-mismatch' });
});

test('a model that the repository does not have is not found, and the error names those it has', async () => {
  const { address } = await serveRelease();
  await expect(openDevice({ ...address, model: 'large' }).open()).rejects.toMatchObject({
    code: 'model-not-found',
    details: { model: 'large', offered: ['tiny'] },
  });
});

describe('expired metadata', () => {
  const later = () => Date.now() + 15 * DAY_MS;

  test('is refused by a first open, with both times', async () => {
    const { address } = await serveRelease();
    const opening = openDevice({ ...address, now: later }).open();
    await expect(opening).rejects.toMatchObject({
      code: 'metadata-expired',
      details: { role: 'timestamp', expires: expect.any(String), now: expect.any(String) },
    });
  });

  test('keeps serving what is installed, says so, and installs nothing new', async () => {
    const { workspace, first, address } = await serveRelease();
    const { store } = await installed(address);
    await workspace.release({ version: '1.1.0', sequence: 2 });
    const device = openDevice({ ...address, store, now: later });
    await expectSameFiles(await device.open(), first.source);
    expect(device.events).toContainEqual(expect.objectContaining({ type: 'metadata-stale' }));
    await expect(device.update()).rejects.toMatchObject({ code: 'metadata-expired' });
  });
});

test('an old timestamp is a rollback, and what is installed keeps serving', async () => {
  const { workspace, address } = await serveRelease();
  const timestamp = join(workspace.repository, TIMESTAMP_PATH);
  const old = await readFile(timestamp);
  const second = await workspace.release({ version: '1.1.0', sequence: 2, seed: 2 });
  const device = await installed(address);
  await writeFile(timestamp, old);
  await expect(device.update()).rejects.toMatchObject({ code: 'metadata-rollback' });
  await expectSameFiles(await device.open(), second.source);
});

test('a stolen timestamp key cannot take an installed version away', async () => {
  const { workspace, server, first, address } = await serveRelease();
  const device = await installed(address);
  const path = join(workspace.repository, TIMESTAMP_PATH);
  const { signed } = JSON.parse(await readFile(path, 'utf8'));
  signed.version += 1;
  signed.meta['snapshot.json'].hashes.sha256 = '0'.repeat(64);
  const signer = createTufSigner(await privateKey(workspace.keys, 'timestamp'));
  await writeFile(path, signMetadata(signed, [signer]));

  await expectCoded(device.update(), 'metadata-mix');
  await expectSameFiles(await device.open(), first.source);
  await server.close();
  await expectSameFiles(await device.open(), first.source);
});

describe('a bundle that the model keys did not sign for this version is refused', () => {
  test('when the server hands out another one', async () => {
    const { workspace, first, address } = await serveRelease();
    const other = await workspace.release({ name: 'other' });
    await removeBootFiles(workspace);
    await writeFile(bundlePath(workspace, first), await readFile(bundlePath(workspace, other)));
    await expectCoded(openDevice(address).open(), 'size-mismatch', 'digest-mismatch');
  });

  test('when the targets name the bundle of another model', async () => {
    const { workspace, first, address } = await serveRelease();
    const other = await workspace.release({ name: 'other' });
    await removeBootFiles(workspace);
    const bundle = await readFile(bundlePath(workspace, other));
    await forge(workspace, first, bundle);
    await expectCoded(openDevice(address).open(), 'bundle-mismatch');
  });

  test('when the targets name an older version as a newer one', async () => {
    const { workspace, first, address } = await serveRelease();
    const bundle = await readFile(bundlePath(workspace, first));
    await forge(workspace, { ...first, version: '9.0.0', sequence: 9 }, bundle);
    await expectCoded(openDevice(address).open(), 'bundle-mismatch');
  });

  test('when a key signed it that root does not name', async () => {
    const { workspace, first, address } = await serveRelease();
    const thief = join(workspace.directory, 'thief');
    await generateKeys({ out: thief });
    const signer = createOmsSigner(await privateKey(thief, 'model'));
    const { release, digests } = await readPackedVersion(first.packed);
    await forge(workspace, first, signer.sign(release, digests));
    await expectCoded(openDevice(address).open(), 'model-key-unknown');
  });

  test('when it claims a key of root that did not sign it', async () => {
    const { workspace, first, address } = await serveRelease();
    const bundle = JSON.parse(await readFile(bundlePath(workspace, first), 'utf8'));
    const payload = Buffer.from(bundle.dsseEnvelope.payload, 'base64').toString();
    const edited = payload.replace(/"digest":"."/, '"digest":"0"').replace('tiny', 'tiNy');
    bundle.dsseEnvelope.payload = Buffer.from(edited).toString('base64');
    await forge(workspace, first, Buffer.from(JSON.stringify(bundle)));
    await expectCoded(openDevice(address).open(), 'signature-invalid');
  });

  test.each(['A', 'AAAAA', '====', 'AA!A', ''])('when its payload is %j', async (payload) => {
    const { workspace, first, address } = await serveRelease();
    const bundle = JSON.parse(await readFile(bundlePath(workspace, first), 'utf8'));
    bundle.dsseEnvelope.payload = payload;
    await forge(workspace, first, Buffer.from(JSON.stringify(bundle)));
    await expectCoded(openDevice(address).open(), 'metadata-malformed', 'signature-invalid');
  });
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

describe('a stored chunk that changed', () => {
  test('is fetched again while the server is up', async () => {
    const { first, address } = await serveRelease();
    const device = await installed(address);
    const sha256 = await damageStored(device.store, first.source);
    await expectSameFiles(await device.open(), first.source);
    expect(device.events).toContainEqual({ type: 'chunk-healed', sha256 });
    device.events.length = 0;
    await expectSameFiles(await device.open(), first.source);
    expect(device.events).toEqual([]);
  });

  test('is a digest mismatch while it is down, and heals later', async () => {
    const { workspace, server, first, address } = await serveRelease();
    const device = await installed(address);
    await damageStored(device.store, first.source);
    await server.close();
    const version = await device.open();
    await expectCoded(version.readFile('onnx/model.onnx'), 'digest-mismatch');

    await using again = await serveRepository({ dir: workspace.repository, port: 0 });
    const { store } = device;
    const later = await openDevice({ url: again.url, pin: first.pin, store }).open();
    await expectSameFiles(later, first.source);
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

async function removeBootFiles({ repository }: Workspace): Promise<void> {
  await rm(join(repository, 'boot'), { recursive: true });
}

async function privateKey(keys: string, role: KeyRole) {
  const [held] = await readHeldKeys({ keys }, [role]);
  return (held as HeldKey).key;
}

async function installed(address: { url: string; pin: string }) {
  const device = openDevice({ ...address, store: createMemoryStore() });
  await device.install();
  return device;
}

async function copyOf(store: Store): Promise<Store> {
  const copy = createMemoryStore();
  for (const key of await store.keys('')) {
    await copy.commit({ set: new Map([[key, await store.get(key)]]) });
  }
  return copy;
}

async function withDamage(
  { repository }: Workspace,
  name: string,
  damage: (bytes: Uint8Array) => Uint8Array,
  act: () => Promise<void>,
): Promise<void> {
  const file = join(repository, name);
  const original = await readFile(file);
  await writeFile(file, damage(original));
  try {
    await act();
  } finally {
    await writeFile(file, original);
  }
}

/** Rejects with a NearsideError, of one of these codes where some are codes. */
async function expectCoded(promise: Promise<unknown>, ...what: string[]): Promise<void> {
  const codes = what.filter((word) => (ERROR_CODES as readonly string[]).includes(word));
  const error = await promise.then(
    () => 'no error',
    (reason) => reason,
  );
  expect(codes.length > 0 ? codes : ERROR_CODES, `${what}: ${error}`).toContain(error.code);
}

function bundlePath({ repository }: Workspace, { model, version, manifestSha256 }: Publication) {
  return join(repository, 'targets', `${manifestSha256}.${bundleName(model, version)}`);
}

async function forge(
  workspace: Workspace,
  { model, version, sequence }: Publication,
  bundle: Uint8Array,
): Promise<void> {
  const custom = { model, version, sequence, state: 'stable', requires: { format: 1 } };
  await forgeTargets(workspace, { name: bundleName(model, version), bundle, custom });
}

/** Flips a byte of the stored weights and returns the name of their chunk. */
async function damageStored(store: Store, source: string): Promise<string> {
  const sha256 = sha256Hex(await readFile(join(source, 'onnx/model.onnx')));
  const stored = (await store.get(`c/${sha256}`)) as ArrayBuffer;
  await store.commit({ set: new Map([[`c/${sha256}`, flip(new Uint8Array(stored), 5).buffer]]) });
  return sha256;
}
