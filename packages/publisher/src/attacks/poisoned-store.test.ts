import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isNearsideError, type Store } from '@nearside/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sha256Hex } from '../files/digests.js';
import { DAMAGES, flip } from '../testing/damages.js';
import { currentPath, forge, type RepositoryFiles, stealKeys } from '../testing/forge.js';
import { copyOf, openScene, outcomeOf } from '../testing/scene.js';
import { someOf } from '../testing/some-of.js';

const scene = await openScene();
scene.server.files = scene.second.files;
const installed = await scene.installed();
await scene.device({ store: installed }).update();
// A later walk broke off, and left how far it came.
const { tuf } = await stealKeys(scene.workspace.keys);
const truth = forge(scene.second.files, { targets: () => {} }, tuf);
scene.server.files = withoutFile(truth, currentPath(truth, 'targets'));
await scene
  .device({ store: installed })
  .check()
  .catch(() => {});
scene.server.files = truth;
const keys = await installed.keys('');

/** How many times as much garbage `npm run test:long` tries. */
const EFFORT = process.env.EVERY_CASE ? 10 : 1;

/** Anything that a store can hold. */
const garbage = fc
  .oneof(
    fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
    }),
    fc.constantFrom<unknown>(
      null,
      0,
      Number.NaN,
      '',
      [],
      {},
      new ArrayBuffer(0),
      { toString: 1, valueOf: 1 },
      { length: 1e9 },
      Object.fromEntries([['__proto__', 1]]),
    ),
    fc.json({ maxDepth: 3 }).map((text) => new TextEncoder().encode(text)),
  )
  .filter(isStorable);

test('the store holds every kind of entry that there is to poison', () => {
  const kinds = keys.map((key) => key.replace(/[0-9a-f]{64}|^[0-9a-f]{16}/, '#'));
  expect([...new Set(kinds)]).toEqual(
    expect.arrayContaining([
      '#/p/tiny',
      '#/t/chain',
      '#/t/reached',
      '#/v/tiny/1',
      '#/v/tiny/2',
      'c/#',
    ]),
  );
});

describe('garbage of any shape in the place of what a device has stored', () => {
  test('as a whole entry never stops it from opening, nor gives it other bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...keys), garbage, async (key, value) => {
        await expectHarmless(new Map([[key, value]]));
      }),
      { numRuns: 15 * EFFORT },
    );
  });

  test('as one field of an entry never does either, whichever it is', async () => {
    for (const key of keys) {
      const entry = (await installed.get(key)) as Record<string, unknown>;
      if (typeof entry !== 'object' || entry instanceof ArrayBuffer) continue;
      for (const field of someOf(Object.keys(entry), keys.indexOf(key))) {
        for (const value of [null, { toString: 1, valueOf: 1 }]) {
          await expectHarmless(new Map([[key, { ...entry, [field]: value }]]));
        }
      }
    }
  });

  test('in every entry at once never does either', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(garbage, { minLength: 20, maxLength: 20 }), async (values) => {
        await expectHarmless(new Map(keys.map((key, i) => [key, values[i % values.length]])));
      }),
      { numRuns: 10 * EFFORT },
    );
  });
});

describe('trusted metadata that is damaged in the store', () => {
  const [chainKey = ''] = keys.filter((key) => key.endsWith('/t/chain'));

  test.each(Object.entries(DAMAGES))(
    '%s: fetched again; offline a coded error',
    async (_, damage) => {
      const chain = (await installed.get(chainKey)) as Record<string, Uint8Array>;
      for (const part of ['timestamp', 'snapshot', 'targets']) {
        await expectHarmless(
          new Map([[chainKey, { ...chain, [part]: damage(chain[part] as Uint8Array) }]]),
        );
      }
    },
  );

  test.each([
    ['a fraction', '{"signed":{"x":1.5},"signatures":[]}'],
    ['signed fields and a fraction', undefined],
  ])('%s in it is no bare error', async (_, text) => {
    const chain = (await installed.get(chainKey)) as Record<string, Uint8Array>;
    const timestamp = new TextDecoder().decode(chain.timestamp);
    const edited = text ?? timestamp.replace('"version":', '"x":1.5,"version":');
    await expectHarmless(
      new Map([[chainKey, { ...chain, timestamp: new TextEncoder().encode(edited) }]]),
    );
  });

  test('with roots of another repository is fetched again', async () => {
    const chain = (await installed.get(chainKey)) as Record<string, unknown>;
    await expectHarmless(
      new Map([[chainKey, { ...chain, roots: [new TextEncoder().encode('{}')] }]]),
    );
  });
});

describe('a chunk that changes between two calls', () => {
  test.each(Object.entries(DAMAGES))('%s: is healed, told, and healed once', async (_, damage) => {
    const store = await copyOf(installed);
    const device = scene.device({ store });
    const version = await device.open();
    const sha256 = await damageWeights(store, damage);
    expect(await outcomeOf(scene, async () => version)).toBe('1.1.0');
    expect(device.events).toContainEqual({ type: 'chunk-healed', sha256 });
    device.events.length = 0;
    expect(await outcomeOf(scene, () => device.open())).toBe('1.1.0');
    expect(device.events).toEqual([]);
  });

  test('is a digest-mismatch without a network, and heals later', async () => {
    const store = await copyOf(installed);
    const version = await scene.device({ store }).open();
    await damageWeights(store, (bytes) => flip(bytes, 5));
    await scene.server.whileDown(async () => {
      await expect(version.readFile('onnx/model.onnx')).rejects.toMatchObject({
        code: 'digest-mismatch',
        retryable: true,
      });
    });
    expect(await outcomeOf(scene, async () => version)).toBe('1.1.0');
  });
});

describe('a chunk that is evicted behind the device’s back', () => {
  test.each(someOf(keys.filter((key) => key.startsWith('c/'))))(
    '%s: fetched again',
    async (key) => {
      const store = await copyOf(installed);
      const device = scene.device({ store });
      await store.commit({ delete: [key] });
      expect(await outcomeOf(scene, () => device.open())).toBe('1.1.0');
      expect(device.events).toEqual([]);
      const [previous] = [await device.openPrevious(2)];
      expect(previous?.release.version).toBe('1.0.0');
    },
  );

  test('without a network is a network code, and works again with one', async () => {
    const store = await copyOf(installed);
    const version = await scene.device({ store }).open();
    const weights = `c/${sha256Hex(await readFile(join(scene.second.source, 'onnx/model.onnx')))}`;
    await store.commit({ delete: [weights] });
    const read = () => outcomeOf(scene, async () => version);
    expect(await scene.server.whileDown(read)).toBe('network-failed');
    expect(await outcomeOf(scene, async () => version)).toBe('1.1.0');
  });
});

/**
 * Offline a coded error or right files; online a version opens right, and an update leads to the
 * newest, unless what was poisoned says that it failed here.
 */
async function expectHarmless(poison: ReadonlyMap<string, unknown>): Promise<void> {
  const store = await copyOf(installed);
  await store.commit({ set: poison });
  // Throws what has no code.
  await scene.server.whileDown(() => outcomeOf(scene, () => scene.device({ store }).open()));
  const device = scene.device({ store });
  const outcome = await outcomeOf(scene, () => device.install());
  expect(outcome).toMatch(/^1\.[01]\.0$/);
  await device.update().catch((error) => {
    if (!isNearsideError(error)) throw error;
  });
  expect(await outcomeOf(scene, () => scene.device({ store }).open())).toMatch(/^1\.[01]\.0$/);
}

function withoutFile(files: RepositoryFiles, path: string): RepositoryFiles {
  const fewer = new Map(files);
  fewer.delete(path);
  return fewer;
}

function isStorable(value: unknown): boolean {
  try {
    structuredClone(value);
    return value !== undefined;
  } catch {
    return false;
  }
}

/** Damages the stored weights of 1.1.0 and returns the name of their chunk. */
async function damageWeights(
  store: Store,
  damage: (bytes: Uint8Array) => Uint8Array,
): Promise<string> {
  const sha256 = sha256Hex(await readFile(join(scene.second.source, 'onnx/model.onnx')));
  const stored = new Uint8Array((await store.get(`c/${sha256}`)) as ArrayBuffer);
  const { buffer } = Uint8Array.from(damage(stored));
  await store.commit({ set: new Map([[`c/${sha256}`, buffer]]) });
  return sha256;
}
