import { expect, test } from 'vitest';
import { persistenceConformance, storeConformance } from '../testing/store-conformance.js';
import { openIndexedDbStore } from './indexeddb-store.js';

let databases = 0;

async function prepare() {
  databases += 1;
  const name = `conformance-${databases}-${Math.random()}`;
  return { open: () => openIndexedDbStore(name) };
}

storeConformance('the IndexedDB store', prepare);
persistenceConformance(prepare);

/** Keeps the database's write lock, as a browser does for a worker that it forgot. */
async function keepWriteLock(name: string): Promise<() => void> {
  const opening = indexedDB.open(name);
  await new Promise((resolve) => {
    opening.onsuccess = resolve;
  });
  const objects = opening.result.transaction('nearside', 'readwrite').objectStore('nearside');
  let isKept = true;
  const keep = () => {
    if (isKept) objects.get('').onsuccess = keep;
  };
  keep();
  return () => {
    isKept = false;
    opening.result.close();
  };
}

test('a lock that nobody lets go makes it unavailable, at once from then on', async () => {
  const name = `locked-${Math.random()}`;
  await openIndexedDbStore(name).commit({ set: new Map([['k', 1]]) });
  const letGo = await keepWriteLock(name);
  const store = openIndexedDbStore(name, { limitMs: 200 });
  const refusal = await store.commit({ set: new Map([['k', 2]]) }).catch((error) => error);
  expect(refusal).toMatchObject({ code: 'store-unavailable' });
  await expect(store.get('k')).rejects.toBe(refusal); // without another wait
  letGo();
  expect(await openIndexedDbStore(name).keys('')).toEqual(['k']);
});

test('a database that never opens is unavailable sooner than one that is only slow', async () => {
  const name = `silent-${Math.random()}`;
  const held = indexedDB.open(name, 1);
  await new Promise((resolve) => {
    held.onsuccess = resolve;
  });
  await new Promise((resolve) => {
    indexedDB.open(name, 2).onblocked = resolve; // everybody else stands behind it
  });
  const silent = openIndexedDbStore(name, { openingMs: 200, limitMs: 600_000 });
  const asked = [silent.get('k'), silent.commit({ set: new Map([['k', 1]]) })];
  const unavailable = { status: 'rejected', reason: { code: 'store-unavailable' } };
  expect(await Promise.allSettled(asked)).toMatchObject([unavailable, unavailable]);
  held.result.close();
});

test('closing waits for what is under way, and nothing begins after it', async () => {
  const name = `closing-${Math.random()}`;
  const store = openIndexedDbStore(name);
  let isStored = false;
  const storing = store.commit({ set: new Map([['k', new ArrayBuffer(1 << 20)]]) }).then(() => {
    isStored = true;
  });
  await store.close();
  await storing;
  expect(isStored).toBe(true);
  await expect(store.get('k')).rejects.toMatchObject({ code: 'store-unavailable' });
});
