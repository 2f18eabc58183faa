/** Database one: models, metadata, choices. Database two: reports, which never wait behind it. */
export type Database = 'nearside-models' | 'nearside-reports';

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
 * Reads one value of a database for a caller who can do without it. It takes no locks, reads no Blobs, and
 * loads none of the code behind `openStore`. A database that is missing is made as `openStore` would.
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
