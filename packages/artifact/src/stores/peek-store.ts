import { createStore, promisifyRequest } from 'idb-keyval';
import { hasIndexedDb } from './has-indexed-db.js';
import type { Database } from './open-store.js';

/** What is only peeked at is not waited for: a database that is blocked answers after seconds, or never. */
const PATIENCE_MS = 1_000;

/**
 * Values of a database, for whoever can do without them: no locks, no Blobs, and none of the code that
 * {@link openStore} brings.
 *
 * @returns undefined for those that are not there, or all of them when the database does not answer
 */
export async function peekStore(
  database: Database,
  keys: readonly string[],
): Promise<readonly unknown[]> {
  if (!hasIndexedDb()) return [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLate = new Promise<[]>((resolve) => {
    timer = setTimeout(resolve, PATIENCE_MS, []);
  });
  const values = createStore(database, 'nearside')('readonly', (objects) =>
    Promise.all(keys.map((key) => promisifyRequest<unknown>(objects.get(key)))),
  ).catch(() => []);
  const found = await Promise.race([values, tooLate]);
  clearTimeout(timer);
  return found;
}
