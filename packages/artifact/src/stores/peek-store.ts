import type { PlatformType } from '@nearside/core';
import { startAwakeTimer } from '../awake-timer.js';

/**
 * Database one: models, metadata, choices. Database two: reports, which never wait behind it. Database three: vectors of
 * texts.
 */
export type Database = 'nearside-models' | 'nearside-reports' | 'nearside-vectors';

/** Object store of each database; `openStore` uses the same. */
const STORE_NAME = 'nearside';

/** A blocked database answers after seconds, or never: nobody waits longer for a peek. */
const PATIENCE_MS = 1_000;

/**
 * Tells whether the name `indexedDB` exists. In a sandboxed frame it does, and opening a database throws;
 * where site data is blocked, some browsers throw when the name is touched.
 */
export function hasIndexedDb(): boolean {
  try {
    return typeof indexedDB !== 'undefined' && indexedDB !== null;
  } catch {
    return false;
  }
}

/**
 * Does a little work in one transaction, for a caller who can do without it. It takes no locks, reads no Blobs, and loads
 * none of the code behind `openStore`. A database that is missing is made as `openStore` would. The connection is closed
 * when somebody deletes the database, or by whoever takes it from the transaction.
 *
 * @param work returns requests in their order, one at least
 * @returns their results; undefined when there is no database, or it does not answer: `work` may be done later then
 */
export function peekStore(
  database: Database,
  work: (objects: PlatformType<'IDBObjectStore'>) => readonly PlatformType<'IDBRequest'>[],
): Promise<readonly unknown[] | undefined> {
  return new Promise((resolve) => {
    const giveUp = () => resolve(undefined);
    startAwakeTimer(PATIENCE_MS, giveUp); // while a page starts, its own code may keep the answer waiting
    let opening: IDBOpenDBRequest;
    try {
      opening = indexedDB.open(database);
    } catch {
      return giveUp(); // Node, or a sandboxed frame
    }
    opening.onerror = giveUp;
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE_NAME);
    opening.onsuccess = () => {
      const { result } = opening;
      result.onversionchange = () => result.close();
      try {
        const requests = work(beginIn(result));
        const last = requests.at(-1) as IDBRequest;
        last.onerror = giveUp;
        last.onsuccess = () => resolve(requests.map(({ result }) => result));
      } catch {
        giveUp(); // another library's database of that name
      }
    };
  });
}

/**
 * Begins a transaction whose changes survive the page, and not a power cut at once: writing them is not waited for.
 *
 * @throws DOMException where the connection is closed
 */
export function beginIn(database: PlatformType<'IDBDatabase'>): PlatformType<'IDBObjectStore'> {
  const transaction = database.transaction(STORE_NAME, 'readwrite', { durability: 'relaxed' });
  return transaction.objectStore(STORE_NAME);
}
