import {
  type Decide,
  isNearsideError,
  type NearsideError,
  type Store,
  type StoreChange,
  type StoredValue,
} from '@nearside/core';
import { createLocalLocks } from './local-locks.js';
import { createMemoryStore } from './memory-store.js';

/** A store that goes on in memory when the one below it is blocked, broken or full. */
export interface FallbackStore extends Store {
  /** Why it goes on in memory; undefined while it does not. */
  readonly degraded: NearsideError | undefined;
}

/**
 * Writes go to `primary` until one fails; from then on they stay in memory, and what is in memory
 * hides what is below. A page then works as in a private session instead of not at all. Nothing
 * is ever half in one and half in the other: a change goes to one of them as a whole.
 *
 * @param makeRoom is tried once when `primary` is full; true when it is worth writing again
 */
export function withMemoryFallback(
  primary: Store,
  makeRoom: () => Promise<boolean> = async () => false,
): FallbackStore {
  const overlay = createMemoryStore();
  const deleted = new Set<string>();
  const turns = createLocalLocks();
  let degraded: NearsideError | undefined;
  let makingRoom = false;

  async function get(key: string): Promise<StoredValue | undefined> {
    if (degraded) {
      const value = await overlay.get(key);
      if (value !== undefined || deleted.has(key)) return value;
    }
    return readPrimary(() => primary.get(key), undefined);
  }

  /** What cannot be read is missing: it is fetched again, and the next write decides. */
  async function readPrimary<Value>(read: () => Promise<Value>, otherwise: Value): Promise<Value> {
    try {
      return await read();
    } catch (error) {
      degrade(error);
      return otherwise;
    }
  }

  function degrade(error: unknown): void {
    if (!isStoreFailure(error)) throw error;
    degraded ??= error;
  }

  async function write(toPrimary: () => Promise<void>, toMemory: () => Promise<void>) {
    if (degraded) return toMemory();
    try {
      await toPrimary();
    } catch (error) {
      if (isFull(error) && (await hasRoomNow())) {
        try {
          return await toPrimary();
        } catch (again) {
          degrade(again);
          return toMemory();
        }
      }
      degrade(error);
      return toMemory();
    }
  }

  async function hasRoomNow(): Promise<boolean> {
    if (makingRoom) return false; // making room writes too
    makingRoom = true;
    try {
      return await makeRoom();
    } catch {
      return false;
    } finally {
      makingRoom = false;
    }
  }

  async function commitToMemory(change: StoreChange): Promise<void> {
    await overlay.commit(change);
    for (const key of change.delete ?? []) deleted.add(key);
    for (const key of change.set?.keys() ?? []) deleted.delete(key);
  }

  return {
    kind: primary.kind,
    get degraded() {
      return degraded;
    },
    get,
    async keys(prefix) {
      const below = await readPrimary(() => primary.keys(prefix), []);
      const kept = below.filter((key) => !deleted.has(key));
      return [...new Set([...kept, ...(await overlay.keys(prefix))])].sort();
    },
    async concatenate(keys) {
      if (degraded) return undefined;
      return readPrimary(async () => primary.concatenate?.(keys), undefined);
    },
    commit: (change) =>
      write(
        () => primary.commit(change),
        () => turns.hold('write', () => commitToMemory(change)),
      ),
    transact: (keys, decide: Decide) =>
      write(
        () => primary.transact(keys, decide),
        () =>
          turns.hold('write', async () =>
            commitToMemory(decide(await Promise.all(keys.map(get))) ?? {}),
          ),
      ),
    async exclusive(name, work, options) {
      let isHeld = false;
      try {
        return await primary.exclusive(
          name,
          () => {
            isHeld = true;
            return work();
          },
          options,
        );
      } catch (error) {
        if (isHeld || !isStoreFailure(error)) throw error;
        degrade(error);
        return await turns.hold(name, work, options);
      }
    },
    async close() {
      await overlay.close();
      await primary.close();
    },
  };
}

function isFull(error: unknown): boolean {
  return isNearsideError(error) && error.code === 'quota-exceeded';
}

function isStoreFailure(error: unknown): error is NearsideError {
  return (
    isNearsideError(error) &&
    (error.code === 'quota-exceeded' || error.code === 'store-unavailable')
  );
}
