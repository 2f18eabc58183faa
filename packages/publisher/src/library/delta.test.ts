import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { addBytes } from '@nearside/artifact';
import { describe, expect, test, vi } from 'vitest';
import { sha256Hex } from '../files/digests.js';
import { expectSameFiles, openDevice } from '../testing/device.js';
import { snapshotOf } from '../testing/snapshot.js';
import { openWorkspace, publishedOnce, type Workspace } from '../testing/workspace.js';
import { delta } from './delta.js';
import { inspect } from './inspect.js';
import { revoke } from './revoke.js';
import { serveRepository } from './serve-repository.js';

const WEIGHT_BYTES = 400_000;
const TUNED = { version: '1.1.0', sequence: 2, weightBytes: WEIGHT_BYTES, nearSeed: 1 };
const update = { model: 'tiny', version: '1.1.0', from: '1.0.0' };

/** A version, and one whose weights were trained a little more. */
const openUpdate = publishedOnce(async (workspace) => {
  const first = await workspace.release({ weightBytes: WEIGHT_BYTES });
  const second = await workspace.release(TUNED);
  return { first, second };
});

async function deltaFiles(repository: string): Promise<string[]> {
  return [...(await snapshotOf(repository)).keys()].filter((name) => name.startsWith('deltas/'));
}

describe('delta', () => {
  test('writes what turns an older chunk into the newer one, where that is smaller', async () => {
    const { workspace, first, second } = await openUpdate();
    const result = await delta({ ...workspace, ...update });
    expect(result).toMatchObject({ changed: true, deltas: 2, deltasWritten: 2 });
    expect(await deltaFiles(workspace.repository)).toHaveLength(2);
    for (const file of ['onnx/model.onnx', 'model.json']) {
      const older = await readFile(join(first.packed, file));
      const newer = await readFile(join(second.packed, file));
      const name = `deltas/${sha256Hex(newer)}-${sha256Hex(older)}.z`;
      const bytes = new Uint8Array(gunzipSync(await readFile(join(workspace.repository, name))));
      expect(Buffer.from(addBytes(bytes, older)).equals(newer), file).toBe(true);
    }
  });

  test('makes a device fetch what it says, a fraction, and get every byte', async () => {
    let weight = { fullBytes: 0, updateBytes: 0, deltaBytes: 0, fraction: 1 };
    const { fetchedBytes } = await updateDevice(async (workspace) => {
      weight = await delta({ ...workspace, ...update });
    });
    expect(fetchedBytes).toBe(weight.deltaBytes);
    expect(weight.fraction).toBe(weight.deltaBytes / weight.fullBytes);
    expect(weight.fraction).toBeLessThan(0.05);
    const without = await updateDevice(async () => {});
    expect(without.fetchedBytes).toBe(weight.updateBytes);
    expect(weight.updateBytes).toBeGreaterThan(WEIGHT_BYTES);
  });

  test('costs a device nothing but time when it is damaged', async () => {
    const { requested } = await updateDevice(async (workspace) => {
      await delta({ ...workspace, ...update });
      for (const name of await deltaFiles(workspace.repository)) {
        await writeFile(join(workspace.repository, name), 'not a delta');
      }
    });
    expect(requested.filter((path) => path.startsWith('/deltas/'))).toHaveLength(2);
  });

  test('the same again writes and signs nothing, and needs no key', async () => {
    const { workspace } = await openUpdate();
    await delta({ ...workspace, ...update });
    const before = await snapshotOf(workspace.repository);
    await rm(workspace.keys, { recursive: true });
    const again = await delta({ ...workspace, ...update });
    expect(again).toMatchObject({ changed: false, deltas: 2, deltasWritten: 0 });
    expect(await snapshotOf(workspace.repository)).toEqual(before);
  });

  test('restores the same bytes of a delta that was lost', async () => {
    const { workspace } = await openUpdate();
    await delta({ ...workspace, ...update });
    const before = await snapshotOf(workspace.repository);
    await rm(join(workspace.repository, 'deltas'), { recursive: true });
    expect(await delta({ ...workspace, ...update })).toMatchObject({ deltasWritten: 2 });
    expect(await snapshotOf(workspace.repository)).toEqual(before);
  });

  test('needs neither the model key nor the root key', async () => {
    const { workspace } = await openUpdate();
    for (const key of ['root.pem', 'model.pem']) await rm(join(workspace.keys, key));
    expect(await delta({ ...workspace, ...update })).toMatchObject({ changed: true });
    const [model] = (await inspect(workspace)).models;
    expect(model?.versions[0]?.deltasFrom).toEqual(['1.0.0']);
  });

  test('from several versions are listed by their sequences', async () => {
    const { workspace } = await openUpdate();
    const third = { version: '1.2.0', sequence: 3, weightBytes: WEIGHT_BYTES, nearSeed: 1 };
    await workspace.release({ ...third, tuning: 2 });
    await delta({ ...workspace, ...update, version: '1.2.0', from: '1.1.0' });
    await delta({ ...workspace, ...update, version: '1.2.0', from: '1.0.0' });
    const [model] = (await inspect(workspace)).models;
    expect(model?.versions[0]?.deltasFrom).toEqual(['1.1.0', '1.0.0']);
    expect(await deltaFiles(workspace.repository)).toHaveLength(4);
  });

  test('where none would pay, nothing is written', async () => {
    const workspace = await openWorkspace();
    await workspace.release();
    // Of another length, so that not even model.json has a delta.
    await workspace.release({ version: '1.10.0', sequence: 2, seed: 2 });
    const before = await snapshotOf(workspace.repository);
    const weights = await delta({ ...workspace, ...update, version: '1.10.0' });
    expect(weights.updateBytes).toBe(weights.deltaBytes);
    expect(weights).toMatchObject({ changed: false, deltas: 0 });
    expect(await snapshotOf(workspace.repository)).toEqual(before);
  });

  test.each<[string, string, object]>([
    ['from a newer version', 'version-conflict', { version: '1.0.0', from: '1.1.0' }],
    ['from itself', 'version-conflict', { from: '1.1.0' }],
    ['from an unknown version', 'no-version', { from: '0.9.0' }],
    ['to an unknown version', 'no-version', { version: '9.0.0' }],
    ['of an unknown model', 'model-not-found', { model: 'large' }],
  ])('%s is refused (%s)', async (_, code, change) => {
    const { workspace } = await openUpdate();
    await expect(delta({ ...workspace, ...update, ...change })).rejects.toMatchObject({ code });
  });

  test('to a revoked version is refused', async () => {
    const { workspace } = await openUpdate();
    await revoke({ ...workspace, model: 'tiny', version: '1.1.0' });
    await expect(delta({ ...workspace, ...update })).rejects.toMatchObject({
      code: 'version-conflict',
    });
  });
});

/**
 * Updates a device from the first version to the second.
 *
 * @returns bytes of chunks and deltas that crossed the network meanwhile
 */
async function updateDevice(
  prepare: (workspace: Workspace) => Promise<unknown>,
): Promise<{ fetchedBytes: number; requested: readonly string[] }> {
  const workspace = await openWorkspace();
  const { pin } = await workspace.release({ weightBytes: WEIGHT_BYTES });
  await using server = await serveRepository({ dir: workspace.repository, port: 0 });
  const device = openDevice({ url: server.url, pin });
  await device.install();
  const { source } = await workspace.release(TUNED);
  await prepare(workspace);

  const requests = vi.spyOn(globalThis, 'fetch');
  const version = await device.update();
  const results = [...requests.mock.results];
  requests.mockRestore();
  if (!version) throw new Error('expected an update, got none');
  await expectSameFiles(version, source);
  const responses = await Promise.all(results.map(({ value }) => value as Response));
  const answered = responses
    .filter(({ ok, url }) => ok && /\/(?:chunks|deltas)\//.test(url))
    .map(({ url, headers }) => ({ url, sizeBytes: Number(headers.get('content-length')) }));
  return {
    fetchedBytes: answered.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    requested: answered.map(({ url }) => new URL(url).pathname),
  };
}
