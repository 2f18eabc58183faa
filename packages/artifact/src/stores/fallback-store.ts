import {
  type Decide,
  isNearsideError,
  type NearsideError,
  type Store,
  type StoreChange,
  type StoredValue,
} from '@nearside/core';
import { createLocalLocks, type LocalLocks } from './local-locks.js';
import { createMemoryStore } from './memory-store.js';

/** A store that goes on in memory when the one below it is blocked, broken or full. */
export interface FallbackStore extends Store {
  /** The reason for going on in memory; undefined while the store below works. */
  readonly degraded: NearsideError | undefined;
}

/** Both stores, and the state they are in. */
interface Layers {
  readonly primary: Store;
  readonly overlay: Store;
  /** Keys that were deleted in memory. Their values below are not read. */
  readonly deleted: Set<string>;
  /** Makes changes in memory one after the other. */
  readonly turns: LocalLocks;
  readonly makeRoom: () => Promise<boolean>;
  isMakingRoom: boolean;
  degraded: NearsideError | undefined;
}

/**
 * Writes go to `primary` until one fails. From then on they stay in memory, and values in memory hide those below. A
 * page then works as in a private session instead of not at all. A change goes to one of the two as a whole.
 *
 * @param makeRoom is called once when `primary` is full; true if writing again may succeed
 */
export function withMemoryFallback(
  primary: Store,
  makeRoom: () => Promise<boolean> = async () => false,
): FallbackStore {
  const overlay = createMemoryStore();
  const layers: Layers = {
    primary,
    overlay,
    deleted: new Set(),
    turns: createLocalLocks(),
    makeRoom,
    isMakingRoom: false,
    degraded: undefined,
  };
  return {
    kind: primary.kind,
    get degraded() {
      return layers.degraded;
    },
    get: (key) => readValue(layers, key),
    keys: (prefix) => readKeys(layers, prefix),
    commit: (change) =>
      write(
        layers,
        () => primary.commit(change),
        () => layers.turns.hold('write', () => commitToMemory(layers, change)),
      ),
    transact: (keys, decide) =>
      write(
        layers,
        () => primary.transact(keys, decide),
        () => layers.turns.hold('write', () => transactInMemory(layers, keys, decide)),
      ),
    exclusive: (name, work, options) => holdExclusively(layers, name, work, options),
    async close() {
      await overlay.close();
      await primary.close();
    },
  };
}

async function readValue(layers: Layers, key: string): Promise<StoredValue | undefined> {
  const { primary, overlay, deleted, degraded } = layers;
  if (degraded) {
    const value = await overlay.get(key);
    if (value !== undefined || deleted.has(key)) return value;
  }
  return readPrimary(layers, () => primary.get(key), undefined);
}

async function readKeys(layers: Layers, prefix: string): Promise<string[]> {
  const below = await readPrimary(layers, () => layers.primary.keys(prefix), []);
  const kept = below.filter((key) => !layers.deleted.has(key));
  return [...new Set([...kept, ...(await layers.overlay.keys(prefix))])].sort();
}

/** A value that cannot be read counts as missing: it is fetched again, and the next write decides. */
async function readPrimary<Value>(
  layers: Layers,
  read: () => Promise<Value>,
  otherwise: Value,
): Promise<Value> {
  try {
    return await read();
  } catch (error) {
    degrade(layers, error);
    return otherwise;
  }
}

function degrade(layers: Layers, error: unknown): void {
  if (!isStoreFailure(error)) throw error;
  layers.degraded ??= error;
}

async function write(
  layers: Layers,
  toPrimary: () => Promise<void>,
  toMemory: () => Promise<void>,
): Promise<void> {
  if (layers.degraded) return toMemory();
  try {
    await toPrimary().catch(async (error) => {
      if (!isFull(error) || !(await hasRoomNow(layers))) throw error;
      await toPrimary();
    });
  } catch (error) {
    degrade(layers, error);
    await toMemory();
  }
}

async function hasRoomNow(layers: Layers): Promise<boolean> {
  if (layers.isMakingRoom) return false; // making room writes too
  layers.isMakingRoom = true;
  try {
    return await layers.makeRoom();
  } catch {
    return false;
  } finally {
    layers.isMakingRoom = false;
  }
}

async function transactInMemory(
  layers: Layers,
  keys: readonly string[],
  decide: Decide,
): Promise<void> {
  const values = await Promise.all(keys.map((key) => readValue(layers, key)));
  await commitToMemory(layers, decide(values) ?? {});
}

async function commitToMemory({ overlay, deleted }: Layers, change: StoreChange): Promise<void> {
  await overlay.commit(change);
  for (const key of change.delete ?? []) deleted.add(key);
  for (const key of change.set?.keys() ?? []) deleted.delete(key);
}

async function holdExclusively<Result>(
  layers: Layers,
  name: string,
  work: () => Promise<Result>,
  options?: { readonly signal?: AbortSignal | undefined },
): Promise<Result> {
  let isHeld = false;
  try {
    return await layers.primary.exclusive(
      name,
      () => {
        isHeld = true;
        return work();
      },
      options,
    );
  } catch (error) {
    if (isHeld) throw error;
    degrade(layers, error);
    return await layers.turns.hold(name, work, options);
  }
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
