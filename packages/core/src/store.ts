import type { PlatformType } from './kind-of.js';

/** A value in the store: bytes or plain structured data. */
export type StoredValue = unknown;

/** One atomic change: either all of it is stored or none. */
export interface StoreChange {
  readonly set?: ReadonlyMap<string, StoredValue>;
  readonly delete?: readonly string[];
}

/** Decides a change from what is stored; undefined changes nothing. It is called once, and never waits. */
export type Decide = (stored: readonly (StoredValue | undefined)[]) => StoreChange | undefined;

/**
 * A key-value store. Keys are ordered by UTF-16 code unit; listing is by prefix. Values are plain
 * structured data, `Uint8Array` and `ArrayBuffer`; the store keeps a copy.
 *
 * Every method may reject with `store-unavailable`; `commit` and `transact` also with
 * `quota-exceeded`, after which nothing of that change is stored.
 */
export interface Store {
  /** How long the data lives: `persistent` outlives the process, `memory` does not. */
  readonly kind: 'persistent' | 'memory';
  get(key: string): Promise<StoredValue | undefined>;
  keys(prefix: string): Promise<string[]>;
  commit(change: StoreChange): Promise<void>;
  /** Reads `keys` and commits what `decide` makes of them. Nobody else writes in between. */
  transact(keys: readonly string[], decide: Decide): Promise<void>;
  /**
   * Does `work` while nobody else who shares the data holds the lock of that name. A process or tab that dies
   * releases it. Locks of different names do not wait for each other.
   *
   * @param signal ends the waiting with its reason, but not the work
   */
  exclusive<Result>(
    name: string,
    work: () => Promise<Result>,
    options?: { readonly signal?: PlatformType<'AbortSignal'> | undefined },
  ): Promise<Result>;
  /** Waits for operations under way. Later ones may be `store-unavailable`. */
  close(): Promise<void>;
}
