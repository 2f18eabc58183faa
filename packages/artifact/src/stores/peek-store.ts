import { hasIndexedDb } from './has-indexed-db.js';
import type { Database } from './open-store.js';

/** What is only peeked at is not waited for: a database that is blocked answers after seconds, or never. */
const PATIENCE_MS = 1_000;

/**
 * One value of a database, for whoever can do without it: no locks, no Blobs, and none of the code that
 * `openStore` brings. A database that is not there yet is made as `openStore` would.
 *
 * @returns undefined when there is none, or the database does not answer
 */
export function peekStore(database: Database, key: string): Promise<unknown> {
  return new Promise((resolve) => {
    if (!hasIndexedDb()) return resolve(undefined);
    const giveUp = () => resolve(undefined);
    setTimeout(giveUp, PATIENCE_MS);
    const opening = openDatabase(database);
    if (!opening) return giveUp();
    opening.onerror = giveUp;
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE_NAME);
    opening.onsuccess = () => {
      const { result } = opening;
      try {
        const objects = result.transaction(STORE_NAME).objectStore(STORE_NAME);
        const request = objects.get(key);
        request.onerror = giveUp;
        request.onsuccess = () => resolve(request.result);
      } catch {
        giveUp(); // another library's database of that name
      }
      result.close(); // when the transaction is over
    };
  });
}

/** @returns undefined where the page may have none: a sandboxed frame */
function openDatabase(name: Database): IDBOpenDBRequest | undefined {
  try {
    return indexedDB.open(name);
  } catch {
    return undefined;
  }
}

const STORE_NAME = 'nearside';
