import { expect, test } from 'vitest';
import { openStore } from './indexeddb-store.js';
import { type Database, peekStore } from './peek-store.js';

async function peek(database: Database, key: string): Promise<unknown> {
  const found = await peekStore(database, (objects) => [objects.get(key)]);
  return found?.[0];
}

test('a peek sees what a store holds, and nothing where there is nothing', async () => {
  expect(await peek('nearside-models', 'x/peeked')).toBeUndefined();
  const store = openStore('nearside-models');
  await store.commit({ set: new Map([['x/peeked', { start: 'here' }]]) });
  expect(await peek('nearside-models', 'x/peeked')).toEqual({ start: 'here' });
  expect(await peek('nearside-models', 'x/other')).toBeUndefined();
  await store.commit({ delete: ['x/peeked'] });
  await store.close();
});

test('a database that is being held is not waited for', async () => {
  const opening = indexedDB.open('nearside-reports', 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore('nearside');
  await new Promise((resolve) => {
    opening.onsuccess = resolve;
  });
  // Waits until the open connection is closed, and has everybody else wait behind it.
  const deleting = indexedDB.deleteDatabase('nearside-reports');
  expect(await peek('nearside-reports', 'x')).toBeUndefined();
  opening.result.close();
  await new Promise((resolve) => {
    deleting.onsuccess = resolve;
  });
});
