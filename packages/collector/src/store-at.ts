import { fileURLToPath, pathToFileURL } from 'node:url';
import { Hosts } from './postgres/hosts.js';
import type { PostgresOptions } from './postgres/postgres-rollup-store.js';
import { StartError } from './refusals/start-error.js';
import {
  openSqliteReads,
  openSqliteRollupStore,
  type SqliteOptions,
} from './sqlite/sqlite-rollup-store.js';
import type { RollupReads, RollupStore } from './store/rollup-store.js';

/** Each store takes its own of these. */
export type StoreOptions = SqliteOptions & Pick<PostgresOptions, 'onError'>;

/** Where a store is. */
export interface StorePlace {
  /** Another thread opens it by this. Undefined: it is in the memory of the one that opened it. */
  readonly address: string | undefined;
  /** Opens it for the process that writes to it. */
  open(options?: StoreOptions): Promise<RollupStore>;
  /** Opens it for a thread that reads, beside the process that writes. */
  openReads(): Promise<RollupReads>;
}

/**
 * Finds the store that an address is for, and opens nothing yet.
 *
 * @param address path of an SQLite file, its address `file:///…`, `:memory:`, or `postgres://…`
 * @throws StartError `option-invalid` when no store has such an address
 */
export function storeAt(address: string): StorePlace {
  const [scheme] = /^[a-z][a-z\d+.-]+:\/\//i.exec(address) ?? [];
  if (scheme === undefined) return sqliteAt(address);
  if (address.startsWith('file:///')) return sqliteAt(fileURLToPath(address));
  if (/^postgres(?:ql)?:$/i.test(scheme.slice(0, -2))) return postgresAt(address);
  throw new StartError(
    'option-invalid',
    // the rest of the address may hold a password
    `file: expected the path of an SQLite file, or file:///…, got an address that begins with ${scheme}. Name a file, such as reports.sqlite.`,
  );
}

function sqliteAt(file: string): StorePlace {
  return {
    address: file === ':memory:' ? undefined : pathToFileURL(file).href,
    open: async (options) => openSqliteRollupStore(file, options),
    openReads: async () => openSqliteReads(file),
  };
}

function postgresAt(address: string): StorePlace {
  new Hosts(address); // throws where it is no address
  // nobody but who has such a database loads its driver
  const load = () => import('./postgres/postgres-rollup-store.js');
  return {
    address,
    open: async (options) => (await load()).openPostgresRollupStore(address, options),
    openReads: async () => (await load()).openPostgresReads(address),
  };
}
