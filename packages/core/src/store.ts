/** What a store holds under a key: bytes or plain structured data. */
export type StoredValue = unknown;

/** One atomic change: either all of it is stored or none. */
export interface StoreChange {
  readonly set?: ReadonlyMap<string, StoredValue>;
  readonly delete?: readonly string[];
}

/**
 * A key-value store. Keys are ordered by UTF-16 code unit; listing is by prefix.
 *
 * Every method may reject with `store-unavailable`; `commit` also with `quota-exceeded`, after
 * which nothing of that change is stored.
 */
export interface Store {
  /** How long the data lives: `persistent` outlives the process, `memory` does not. */
  readonly kind: 'persistent' | 'memory';
  get(key: string): Promise<StoredValue | undefined>;
  commit(change: StoreChange): Promise<void>;
  keys(prefix: string): Promise<string[]>;
  close(): Promise<void>;
}
