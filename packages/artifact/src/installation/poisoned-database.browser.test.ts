import { isNearsideError, type Store } from '@nearside/core';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { openIndexedDbStore } from '../stores/indexeddb-store.js';
import { openBrowserDevice, serveInPlace } from '../testing/browser-device.js';
import { signRepository, WEIGHTS } from '../testing/sign-repository.js';

const network = globalThis.fetch;
afterEach(() => {
  globalThis.fetch = network;
});

const { pin, generations, weights } = await signRepository([
  [crypto.getRandomValues(new Uint8Array(5000)), crypto.getRandomValues(new Uint8Array(3000))],
]);
const [files = new Map()] = generations;

/** Shapes that a page, an extension or a broken disk may leave in IndexedDB. */
const garbage = fc
  .oneof(
    fc.anything({ withBigInt: true, withDate: true, withMap: true, withTypedArray: true }),
    fc.constantFrom<unknown>(
      null,
      '',
      [],
      {},
      new ArrayBuffer(0),
      new Blob(),
      new Blob(['{}']),
      new Date(Number.NaN),
      { toString: 1, valueOf: 1 },
    ),
  )
  .filter(isStorable);

describe('garbage in IndexedDB', () => {
  test('in the place of any entry never stops a device from opening, nor gives it other bytes', async () => {
    const { store, keys } = await installed();
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...keys), garbage, async (key, value) => {
        const before = await store.get(key);
        await store.commit({ set: new Map([[key, value]]) });
        await expectHarmless(store);
        await store.commit({ set: new Map([[key, before]]) });
      }),
      { numRuns: import.meta.env.EVERY_CASE ? 600 : 30 },
    );
  });

  test('in every entry but one, whichever it is, never does either', async () => {
    const { store, keys } = await installed();
    const entries = await Promise.all(
      keys.map(async (key) => [key, await store.get(key)] as const),
    );
    for (const spared of keys) {
      const poisoned = entries.map(
        ([key, value]) => [key, key === spared ? value : { a: 1 }] as const,
      );
      await store.commit({ set: new Map(poisoned) });
      await expectHarmless(store);
      await store.commit({ set: new Map(entries) });
    }
  });

  test('between two calls is met by the bytes that are read, and healed', async () => {
    const { store, keys } = await installed();
    serveInPlace(files);
    const device = openBrowserDevice({ pin, store });
    const version = await device.open();
    const chunks = keys.filter((key) => key.startsWith('c/'));
    await store.commit({ set: new Map(chunks.map((key) => [key, new Uint8Array(4).buffer])) });
    expect(await version.readFile(WEIGHTS)).toEqual(weights[0]);
    expect(device.events.filter(({ type }) => type === 'chunk-healed')).toHaveLength(2);
  });
});

test('a database of this name without our object store is gone around, in memory', async () => {
  const name = `foreign-${crypto.randomUUID()}`;
  await new Promise<void>((resolve, reject) => {
    const request = indexedDB.open(name);
    request.onupgradeneeded = () => request.result.createObjectStore('something-else');
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      request.result.close();
      resolve();
    };
  });
  serveInPlace(files);
  const device = openBrowserDevice({ pin, store: openIndexedDbStore(name) });
  expect(await (await device.install()).readFile(WEIGHTS)).toEqual(weights[0]);
  expect((await device.storage()).degraded).toBe('store-unavailable');
});

async function installed(): Promise<{ store: Store; keys: string[] }> {
  const store = openIndexedDbStore(`poisoned-${crypto.randomUUID()}`);
  serveInPlace(files);
  await openBrowserDevice({ pin, store }).install();
  return { store, keys: await store.keys('') };
}

/** Offline right bytes or a coded error, online right bytes. */
async function expectHarmless(store: Store): Promise<void> {
  serveInPlace(new Map());
  try {
    const version = await openBrowserDevice({ pin, store }).open();
    expect(await version.readFile(WEIGHTS)).toEqual(weights[0]);
  } catch (error) {
    if (!isNearsideError(error)) throw error;
  }
  serveInPlace(files);
  const version = await openBrowserDevice({ pin, store }).install();
  expect(await version.readFile(WEIGHTS)).toEqual(weights[0]);
}

function isStorable(value: unknown): boolean {
  try {
    structuredClone(value);
    return value !== undefined;
  } catch {
    return false;
  }
}
