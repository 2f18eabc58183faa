import {
  createDeferred,
  NearsideError,
  ownFields,
  type Store,
  type StoreChange,
} from '@nearside/core';
import { promisifyRequest } from 'idb-keyval';
import { startAwakeTimer } from '../awake-timer.js';
import { connectDatabase, type DatabaseConnection } from './database-connection.js';
import { createLocalLocks } from './local-locks.js';
import { createMemoryStore } from './memory-store.js';
import { type Database, hasIndexedDb } from './peek-store.js';

/**
 * A transaction of at most 4 MiB takes some milliseconds. One that takes this long waits for a lock that nobody will
 * release. WebKit keeps the lock of a worker that was ended in the middle of a transaction until the browser ends
 * (seen in WebKitGTK 2.54: 1 of 50 ended workers); ms.
 */
const TRANSACTION_LIMIT_MS = 10_000;

/**
 * A database opens in some milliseconds, in a second on a busy disk. One that takes this long is blocked by a tab, or
 * lost by the browser, and a model waits to open; ms.
 */
const OPENING_LIMIT_MS = 5_000;

/** After an operation that takes longer, everything is `store-unavailable`. */
interface StoreLimits {
  readonly openingMs: number;
  /** Limit of each transaction. */
  readonly limitMs: number;
}

/**
 * Opens the store that `choice` asks for. `auto` takes IndexedDB wherever the name exists: in an opaque
 * origin it then fails as unavailable, instead of silently forgetting. Elsewhere the store is in memory.
 */
export function openStore(database: Database, choice: 'auto' | 'memory' = 'auto'): Store {
  return choice === 'auto' && hasIndexedDb() ? openIndexedDbStore(database) : createMemoryStore();
}

/**
 * A store in IndexedDB, through idb-keyval, with Web Locks between tabs. One object store per
 * database, so that a change over several keys is one transaction.
 */
export function openIndexedDbStore(
  database: string,
  { openingMs = OPENING_LIMIT_MS, limitMs = TRANSACTION_LIMIT_MS }: Partial<StoreLimits> = {},
): Store {
  const connection = connectDatabase(database);
  const { use } = connection;
  const { attempt, close } = trackOperations(connection, { openingMs, limitMs });
  const wrap = createBlobWrapping();
  return {
    kind: 'persistent',
    get: (key) =>
      attempt(async () =>
        unwrap(await use('readonly', (objects) => promisifyRequest(objects.get(key)))),
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
    commit: (change) =>
      attempt(() =>
        wrap(change, (wrapped) =>
          use('readwrite', (objects) => {
            const stored = promisifyRequest(objects.transaction);
            stored.catch(() => {}); // awaited below, unless applying fails first
            apply(objects, wrapped);
            // The commit does not wait for each put's event. A page that is being closed gets no more events, and an
            // uncommitted change is undone.
            objects.transaction.commit?.();
            return stored;
          }),
        ),
      ),
    transact: (keys, decide) =>
      attempt(() =>
        use('readwrite', (objects) => {
          const stored = promisifyRequest(objects.transaction);
          stored.catch(() => {}); // awaited below, unless reading fails first
          const reads = keys.map((key) => promisifyRequest(objects.get(key)));
          // The transaction stays open between its own events and the microtasks they queue.
          const decided = Promise.all(reads).then((values) => apply(objects, decide(values) ?? {}));
          return decided.then(() => stored);
        }),
      ),
    exclusive: holdLock(database),
    close,
  };
}

function apply(objects: IDBObjectStore, change: StoreChange): void {
  const { set, delete: removed = [] } = ownFields(change, 1);
  try {
    for (const key of removed) objects.delete(key);
    for (const [key, value] of set ?? []) objects.put(value, key);
  } catch (error) {
    // A value that cannot be cloned throws at its put, and earlier puts would be committed.
    objects.transaction.abort();
    throw error;
  }
}

/** Without Web Locks (an insecure context, an old browser) two tabs may do the same work, which does no harm. */
function holdLock(database: string): Store['exclusive'] {
  const locks = (globalThis.navigator as Navigator | undefined)?.locks;
  if (!locks) return createLocalLocks().hold;
  return async (name, work, { signal } = {}) => {
    let held: Awaited<ReturnType<typeof work>> | undefined;
    let isHeld = false;
    try {
      await locks.request(`${database}/${name}`, signal ? { signal } : {}, async () => {
        isHeld = true;
        held = await work();
      });
    } catch (error) {
      if (isHeld || signal?.aborted) throw error;
      throw storeError(error); // a sandboxed frame may have none
    }
    return held as Awaited<ReturnType<typeof work>>;
  };
}

/**
 * IndexedDB reads a Blob 2.3 times faster than an ArrayBuffer (measured, Chromium 156), so buffers are stored as
 * Blobs. Where Blobs are refused (WebKit private sessions, WebKitGTK) they are stored as buffers.
 */
function createBlobWrapping() {
  let refused = false;
  return async (change: StoreChange, commit: (change: StoreChange) => Promise<void>) => {
    const buffers = [...(change.set ?? [])].some(([, value]) => value instanceof ArrayBuffer);
    if (!buffers || refused) return commit(change);
    try {
      await commit({ ...change, set: new Map([...(change.set ?? [])].map(toBlob)) });
    } catch (error) {
      if (isQuotaError(error)) throw error;
      await commit(change);
      refused = true;
    }
  };
}

function toBlob([key, value]: [string, unknown]): [string, unknown] {
  return [key, value instanceof ArrayBuffer ? new Blob([value]) : value];
}

async function unwrap(value: unknown): Promise<unknown> {
  return value instanceof Blob ? value.arrayBuffer() : value;
}

/** Ends each operation within a limit, or gives the store up. `close` waits for operations under way. */
function trackOperations(connection: DatabaseConnection, { openingMs, limitMs }: StoreLimits) {
  const underWay = new Set<Promise<unknown>>();
  let refusal: NearsideError | undefined;

  async function attempt<Value>(operation: () => Promise<Value>): Promise<Value> {
    if (refusal) throw refusal;
    const end = createDeferred<Value>();
    underWay.add(end.promise);
    const giveUp = (spentMs: number) => {
      refusal ??= unavailable(`no answer within ${spentMs} ms`);
      end.reject(refusal);
    };
    const timers = [startAwakeTimer(limitMs, () => giveUp(limitMs))];
    if (!connection.isOpen) {
      timers.push(startAwakeTimer(openingMs, () => connection.isOpen || giveUp(openingMs)));
    }
    operation().then(end.resolve, (cause) => end.reject(storeError(cause)));
    try {
      return await end.promise;
    } finally {
      for (const stop of timers) stop();
      underWay.delete(end.promise);
    }
  }

  async function close(): Promise<void> {
    refusal ??= unavailable('a closed store');
    await Promise.allSettled(underWay);
    connection.close();
  }

  return { attempt, close };
}

function isQuotaError(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'QuotaExceededError';
}

function storeError(cause: unknown): NearsideError {
  if (isQuotaError(cause)) {
    return new NearsideError(
      'quota-exceeded',
      'Expected room in this browser to store the model, got none left. Free some, or open with ' +
        "`store: 'memory'`.",
      { cause },
    );
  }
  return unavailable('a failure', cause);
}

function unavailable(got: string, cause?: unknown): NearsideError {
  return new NearsideError(
    'store-unavailable',
    `Expected IndexedDB to read and write, got ${got}. Private browsing and blocked site data ` +
      "cause this; `store: 'memory'` works without it.",
    { cause },
  );
}
