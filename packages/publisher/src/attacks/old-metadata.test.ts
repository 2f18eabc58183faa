import { TIMESTAMP_PATH } from '@nearside/artifact';
import { describe, expect, test } from 'vitest';
import { currentPath, type Forgery, forge, stealKeys } from '../testing/forge.js';
import type { Files } from '../testing/hostile-server.js';
import { openScene, outcomeOf, withFile } from '../testing/scene.js';

const scene = await openScene();
const { first, second } = scene;
const { tuf } = await stealKeys(scene.workspace.keys);
const DAY_MS = 86_400_000;
const YEAR_MS = 365 * DAY_MS;
const later = (durationMs: number) => () => Date.now() + durationMs;

describe('a server that goes back', () => {
  test('to the timestamp before is a rollback, and 1.1.0 stays', async () => {
    const old = first.files.get(TIMESTAMP_PATH) as Uint8Array;
    const files = withFile(second.files, TIMESTAMP_PATH, old);
    await expectRollback(files, { role: 'timestamp', trusted: 2, got: 1 });
  });

  test('as a whole is a rollback, and 1.1.0 stays', async () => {
    await expectRollback(first.files, { role: 'timestamp' });
  });

  test('with a stolen timestamp key to the snapshot before is a rollback, and 1.1.0 stays', async () => {
    const goBack: Forgery = {
      timestamp: ({ meta }) => {
        meta['snapshot.json'] = { version: 1 };
      },
    };
    await expectRollback(forge(second.files, goBack, tuf), {
      role: 'snapshot',
      trusted: 2,
      got: 1,
    });
  });

  test('with stolen timestamp and snapshot keys to the targets before too', async () => {
    const goBack: Forgery = {
      snapshot: ({ meta }) => {
        meta['targets.json'] = { version: 1 };
      },
    };
    await expectRollback(forge(second.files, goBack, tuf), { role: 'targets', trusted: 2, got: 1 });
  });

  test('after a walk that broke off is a rollback as well: what it had reached counts', async () => {
    const store = await scene.installed();
    const cutOff = new Map(second.files);
    cutOff.delete(currentPath(second.files, 'targets'));
    scene.server.files = cutOff;
    const device = scene.device({ store });
    await expect(device.check()).rejects.toMatchObject({ code: 'network-failed' });
    scene.server.files = first.files;
    await expect(device.check()).rejects.toMatchObject({ code: 'metadata-rollback' });
    expect(await outcomeOf(scene, () => scene.device({ store }).open())).toBe('1.0.0');
    scene.server.files = second.files;
    expect((await device.check()).next?.version).toBe('1.1.0');
  });

  test('between two tabs is a rollback for the second as well', async () => {
    const store = await scene.installed();
    scene.server.files = second.files;
    await scene.device({ store }).check();
    scene.server.files = first.files;
    const other = scene.device({ store });
    await expect(other.check()).rejects.toMatchObject({ code: 'metadata-rollback' });
    expect(await outcomeOf(scene, () => other.open())).toBe('1.0.0');
  });
});

test('two tabs that refresh at once never leave the older metadata behind', async () => {
  const store = await scene.installed();
  const slow = scene.device({ store });
  scene.server.requests.length = 0;
  // The slow tab gets the old timestamp at once and what the device stores only after the other.
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  scene.server.files = withFile(first.files, TIMESTAMP_PATH, (response) => {
    void held.then(() => response.end(first.files.get(TIMESTAMP_PATH)));
  });
  const checking = slow.check().catch(() => undefined);
  await untilAsked(TIMESTAMP_PATH);
  scene.server.files = second.files;
  const fast = scene.device({ store });
  expect((await fast.check()).next?.version).toBe('1.1.0');
  release();
  await checking;
  // Only a device that still remembers the second timestamp can tell this from the truth.
  scene.server.files = first.files;
  await expect(scene.device({ store }).check()).rejects.toMatchObject({
    code: 'metadata-rollback',
  });
});

describe('a server that stands still until its metadata expires', () => {
  test('installs nothing on a new device, which gets both times', async () => {
    scene.server.files = second.files;
    await expect(scene.device({ now: later(15 * DAY_MS) }).open()).rejects.toMatchObject({
      code: 'metadata-expired',
      details: { role: 'timestamp', expires: expect.any(String), now: expect.any(String) },
    });
  });

  test.each([
    ['timestamp', 15],
    ['snapshot', 31],
    ['targets', 91],
    ['root', 366],
  ])('leaves an installed version in place when the %s is over, and says so', async (_, days) => {
    expect(await scene.update(second.files, { now: later(days * DAY_MS) })).toBe(
      'metadata-expired',
    );
    const device = scene.device({ store: await scene.installed(), now: later(days * DAY_MS) });
    expect(await outcomeOf(scene, () => device.open())).toBe('1.0.0');
    expect(device.events).toContainEqual(
      expect.objectContaining({ type: 'metadata-stale', expires: expect.any(String) }),
    );
  });
});

describe('a clock that is a year ahead', () => {
  const now = later(YEAR_MS);

  test('lets a first open fail with metadata-expired, and a clock set right heals it', async () => {
    expect(await scene.firstOpen(second.files, { now })).toBe('metadata-expired');
  });

  test('leaves an installed version in place, and a clock set right updates it', async () => {
    expect(await scene.update(second.files, { now })).toBe('metadata-expired');
  });
});

describe('a clock that is a year behind', () => {
  const now = later(-YEAR_MS);

  test('opens and updates, and a clock set right goes on from there', async () => {
    expect(await scene.firstOpen(second.files, { now })).toBe('1.1.0');
    expect(await scene.update(second.files, { now })).toBe('1.1.0');
  });

  test('set right between two calls does not make old answers young', async () => {
    scene.server.files = first.files;
    const device = scene.device({ store: await scene.installed(), now });
    await device.check();
    scene.server.files = second.files;
    const right = scene.device({ store: device.store });
    expect((await right.check({ maxAgeMs: 60_000 })).next?.version).toBe('1.1.0');
    const wrongAgain = scene.device({ store: device.store, now });
    scene.server.requests.length = 0;
    await wrongAgain.check({ maxAgeMs: 60_000 });
    expect(scene.server.requests).toContain(TIMESTAMP_PATH);
  });
});

/** A device with 1.1.0 refuses these files, and goes on with what it has. */
async function expectRollback(files: Files, details: object): Promise<void> {
  const store = await withSecond();
  scene.server.files = files;
  const device = scene.device({ store });
  await expect(device.update()).rejects.toMatchObject({ code: 'metadata-rollback', details });
  expect(await outcomeOf(scene, () => scene.device({ store }).open())).toBe('1.1.0');
}

async function withSecond() {
  scene.server.files = second.files;
  const store = await scene.installed();
  await scene.device({ store }).update();
  return store;
}

async function untilAsked(path: string): Promise<void> {
  while (!scene.server.requests.includes(path)) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}
