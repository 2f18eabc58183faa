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

/** @throws when somebody does not give way */
function deleteDatabase(name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const deleting = indexedDB.deleteDatabase(name);
    deleting.onsuccess = () => resolve();
    deleting.onblocked = () => reject(new Error(`${name} is held`));
  });
}

test('it gives way to whoever deletes its database, and goes on with an empty one', async () => {
  const name = `deleted-${Math.random()}`;
  const store = openIndexedDbStore(name);
  for (const value of [1, 2]) {
    await store.commit({ set: new Map([['k', value]]) });
    expect(await store.get('k')).toBe(value);
    await deleteDatabase(name);
    expect(await store.keys('')).toEqual([]);
  }
  await store.close();
});

test('what is under way while its database is deleted is done before or after', async () => {
  const name = `deleted-under-way-${Math.random()}`;
  const store = openIndexedDbStore(name);
  await store.get('k');
  const doing: Promise<unknown>[] = [];
  const deleting: Promise<unknown>[] = [];
  for (let i = 0; i < 40; i += 1) {
    doing.push(
      store.commit({ set: new Map([['k', new ArrayBuffer(1 << 16)]]) }),
      store.transact(['n'], ([n = 0]) => ({ set: new Map([['n', (n as number) + 1]]) })),
      store.get('k'),
    );
    if (i % 10 === 0) {
      const request = indexedDB.deleteDatabase(name);
      deleting.push(
        new Promise((resolve) => {
          request.onsuccess = resolve;
        }),
      );
    }
    await doing.at(-1); // so that some are done and some are not
  }
  await Promise.all([...doing, ...deleting]);
  await store.close();
});

test('a database that another holds while it is to be deleted is waited for as for one that opens', async () => {
  const name = `held-${Math.random()}`;
  const store = openIndexedDbStore(name, { openingMs: 200, limitMs: 600_000 });
  await store.commit({ set: new Map([['k', 1]]) });
  const held = indexedDB.open(name);
  await new Promise((resolve) => {
    held.onsuccess = resolve;
  });
  await expect(deleteDatabase(name)).rejects.toThrow('is held');
  await expect(store.get('k')).rejects.toMatchObject({ code: 'store-unavailable' });
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
