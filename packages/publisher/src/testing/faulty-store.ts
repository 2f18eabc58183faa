import { createDeferred, NearsideError, type Store } from '@nearside/core';

/** A store with a fault at one of its writes. */
export interface FaultyStore extends Store {
  /** Changes asked for so far. */
  readonly writes: number;
}

/** A store without room for the nth write, nor for any later one unless it is `once`. */
export function fullStore(store: Store, { at, once }: { at: number; once: boolean }): FaultyStore {
  return withWrites(store, async (nth, write) => {
    if (once ? nth === at : nth >= at) throw new NearsideError('quota-exceeded', 'injected');
    return write();
  });
}

/**
 * The process dies at the nth write. No call of this store returns afterwards.
 *
 * @param takesEffect true if that write is there afterwards
 */
export function mortalStore(
  store: Store,
  { at, takesEffect }: { at: number; takesEffect: boolean },
): FaultyStore & { readonly death: Promise<void> } {
  const death = createDeferred<void>();
  const never = new Promise<never>(() => {});
  const rejected = death.promise.then(() => Promise.reject(new Error('died')));
  rejected.catch(() => {});
  let isDead = false;
  const alive = async <Value>(value: Promise<Value>): Promise<Value> => {
    try {
      const result = await value;
      return isDead ? never : result;
    } catch (error) {
      if (isDead) return never;
      throw error;
    }
  };
  const faulty = withWrites(store, async (nth, write) => {
    if (isDead) return never;
    if (nth < at) return alive(write());
    isDead = true;
    if (takesEffect) await write();
    death.resolve();
    return never;
  });
  return Object.assign(faulty, {
    death: death.promise,
    get: (key: string) => (isDead ? never : alive(store.get(key))),
    keys: (prefix: string) => (isDead ? never : alive(store.keys(prefix))),
    // A dead process releases its locks.
    exclusive: ((name, work, options) =>
      isDead
        ? never
        : alive(
            store.exclusive(name, () => Promise.race([work(), rejected]), options),
          )) as Store['exclusive'],
  });
}

function withWrites(
  store: Store,
  around: (nth: number, write: () => Promise<void>) => Promise<void>,
): FaultyStore {
  let writes = 0;
  const next = (write: () => Promise<void>) => {
    writes += 1;
    return around(writes, write);
  };
  return {
    ...store,
    get writes() {
      return writes;
    },
    commit: (change) => next(() => store.commit(change)),
    transact: (keys, decide) => next(() => store.transact(keys, decide)),
  };
}
