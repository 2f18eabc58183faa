import { fileURLToPath, pathToFileURL } from 'node:url';
import { StartError } from './refusals/start-error.js';
import {
  openSqliteReads,
  openSqliteRollupStore,
  type SqliteOptions,
} from './sqlite/sqlite-rollup-store.js';
import type { RollupReads, RollupStore } from './store/rollup-store.js';

/** Where a store is. */
export interface StorePlace {
  /** Another thread opens it by this. Undefined: it is in the memory of the one that opened it. */
  readonly address: string | undefined;
  /** Opens it for the process that writes to it. */
  open(options?: SqliteOptions): Promise<RollupStore>;
  /** Opens it for a thread that reads, beside the process that writes. It does not see what was not settled. */
  openReads(): Promise<RollupReads>;
}

/**
 * Finds the store that an address is for, and opens nothing yet.
 *
 * @param address path of an SQLite file, its `file://` address, or `:memory:`
 * @throws StartError `option-invalid` when no store has such an address
 */
export function storeAt(address: string): StorePlace {
  const [, scheme] = /^([a-z][a-z\d+.-]+):\/\//i.exec(address) ?? [];
  if (scheme === undefined) return sqliteAt(address);
  try {
    if (scheme.toLowerCase() === 'file') return sqliteAt(fileURLToPath(address));
  } catch (cause) {
    throw unfit('a file:// address without a path of this machine', cause);
  }
  // the rest of the address may hold a password
  throw unfit(`an address of ${scheme}://, which no store opens`);
}

function sqliteAt(file: string): StorePlace {
  return {
    address: file === ':memory:' ? undefined : pathToFileURL(file).href,
    open: async (options) => openSqliteRollupStore(file, options),
    openReads: async () => openSqliteReads(file),
  };
}

function unfit(got: string, cause?: unknown): StartError {
  return new StartError(
    'option-invalid',
    `file: expected the path of an SQLite file, or file:///…, got ${got}. Name a file, such as reports.sqlite.`,
    { cause },
  );
}
