import { bootPath } from '@nearside/artifact';
import { describe, expect, test } from 'vitest';
import { revoke } from '../library/revoke.js';
import { openScene, outcomeOf } from '../testing/scene.js';
import { readFiles } from '../testing/story.js';

const scene = await openScene();
const { keys, repository } = scene.workspace;

/** The repository after 1.1.0, and then 1.0.0 too, was taken back. */
await revoke({ repository, keys, model: 'tiny', version: '1.1.0' });
const secondRevoked = await readFiles(repository);
await revoke({ repository, keys, model: 'tiny', version: '1.0.0', force: true });
const allRevoked = await readFiles(repository);

describe('a revoked version', () => {
  test('is not what a first open installs', async () => {
    expect(await scene.firstOpen(secondRevoked, { heals: false })).toBe('1.0.0');
    expect(await scene.firstOpen(allRevoked, { heals: false })).toBe('version-revoked');
  });

  test('is not what a boot file from before installs', async () => {
    const stale = new Map(secondRevoked).set(bootPath('tiny'), scene.second.boot);
    expect(await scene.firstOpen(stale, { heals: false })).toBe('1.0.0');
    const gone = new Map(allRevoked).set(bootPath('tiny'), scene.second.boot);
    expect(await scene.firstOpen(gone, { heals: false })).toBe('version-revoked');
  });

  test('is not made the active one when only a boot file from before has offered it', async () => {
    scene.server.files = new Map(secondRevoked).set(bootPath('tiny'), scene.second.boot);
    const device = scene.device();
    const version = await device.open();
    expect(version.release.version).toBe('1.1.0');
    await expect(device.activate(version, 'test')).rejects.toMatchObject({
      code: 'version-revoked',
      retryable: true,
    });
    expect((await device.open()).release.version).toBe('1.0.0');
  });

  test('is told to the app while it runs, with the version to run instead', async () => {
    const device = await withSecond();
    const running = await device.open();
    expect(await device.check()).toEqual({ isRevoked: false });
    scene.server.files = secondRevoked;
    expect(await device.check()).toEqual({
      isRevoked: true,
      next: { model: 'tiny', version: '1.0.0', sequence: 1 },
    });
    // What runs is the app's to end: the bytes it has still verify.
    expect(await outcomeOf(scene, async () => running)).toBe('1.1.0');
  });

  test('gives way to the version before at the next load, without a network', async () => {
    const device = await withSecond();
    scene.server.files = secondRevoked;
    await device.check();
    const { store } = device;
    const offline = () => outcomeOf(scene, () => scene.device({ store }).open());
    expect(await scene.server.whileDown(offline)).toBe('1.0.0');
  });

  test('that is the only one leaves none: version-revoked, running or loading', async () => {
    const store = await scene.installed();
    scene.server.files = allRevoked;
    const device = scene.device({ store });
    expect(await device.check()).toEqual({ isRevoked: true });
    expect(await outcomeOf(scene, () => device.open())).toBe('version-revoked');
    const offline = () => outcomeOf(scene, () => scene.device({ store }).open());
    expect(['version-revoked', 'network-failed']).toContain(await scene.server.whileDown(offline));
  });

  test('named by an open tab as its candidate is not opened any more', async () => {
    scene.server.files = scene.second.files;
    const device = scene.device({ store: await scene.installed() });
    const { next } = await device.check();
    scene.server.files = secondRevoked;
    await scene.device({ store: device.store }).check();
    await expect(device.openCandidate(next?.sequence ?? 0)).rejects.toMatchObject({
      code: 'version-revoked',
    });
    expect(await outcomeOf(scene, () => device.open())).toBe('1.0.0');
  });
});

async function withSecond() {
  scene.server.files = scene.second.files;
  const device = scene.device({ store: await scene.installed() });
  await device.update();
  return device;
}
