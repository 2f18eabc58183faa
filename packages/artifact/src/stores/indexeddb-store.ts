import { NearsideError, type Store } from '@nearside/core';
import { createStore, promisifyRequest, type UseStore } from 'idb-keyval';

/**
 * A store in IndexedDB, through idb-keyval. One object store per database, so that a change over
 * several keys is one transaction.
 */
export function openIndexedDbStore(database: string): Store {
  const use: UseStore = createStore(database, 'nearside');
  return {
    kind: 'persistent',
    get: (key) => attempt(() => use('readonly', (objects) => promisifyRequest(objects.get(key)))),
    commit: ({ set, delete: removed = [] }) =>
      attempt(() =>
        use('readwrite', (objects) => {
          for (const key of removed) objects.delete(key);
          for (const [key, value] of set ?? []) objects.put(value, key);
          const stored = promisifyRequest(objects.transaction);
          // Without waiting for each put's event: a page that is being closed gets no more events,
          // and what is not committed by then is undone.
          objects.transaction.commit?.();
          return stored;
        }),
      ),
    keys: (prefix) =>
      attempt(() =>
        use('readonly', (objects) =>
          promisifyRequest(
            objects.getAllKeys(IDBKeyRange.bound(prefix, `${prefix}\uffff`)) as IDBRequest<
              string[]
            >,
          ),
        ),
      ),
    async close() {},
  };
}

async function attempt<Value>(operation: () => Promise<Value>): Promise<Value> {
  try {
    return await operation();
  } catch (cause) {
    throw storeError(cause);
  }
}

function storeError(cause: unknown): NearsideError {
  if (cause instanceof DOMException && cause.name === 'QuotaExceededError') {
    return new NearsideError(
      'quota-exceeded',
      'Expected room in this browser to store the model, got none left. Free some, or open with ' +
        "`store: 'memory'`.",
      { cause },
    );
  }
  return new NearsideError(
    'store-unavailable',
    'Expected IndexedDB to read and write, got a failure. Private browsing and blocked site data ' +
      "cause this; `store: 'memory'` works without it.",
    { cause },
  );
}
