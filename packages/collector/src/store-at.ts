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
export type StoreOptions = SqliteOptions &
  Pick<PostgresOptions, 'onError' | 'onFold' | 'onSetAside'>;

/** Where a store is. */
export interface StorePlace {
  /** For people, and without a secret: `{ file: 'reports.sqlite' }` */
  readonly named: { readonly file: string } | { readonly database: string };
  /** Another thread opens it by this. Undefined: it is in the memory of the one that opened it. */
  readonly address: string | undefined;
  /** Opens it for the process that writes to it. */
  open(options?: StoreOptions): Promise<RollupStore>;
  /** Opens it for a thread that reads, beside the process that writes. */
  openReads(): Promise<RollupReads>;
}

/**
 * Finds the store that a collector was given.
 *
 * @throws StartError `option-invalid` when it was given none or two, or no store has such an address
 */
export function storeOf({ file, database }: StoreChoice): StorePlace {
  if ((file === undefined) === (database === undefined)) {
    const got = file === undefined ? 'none' : 'both';
    throw new StartError(
      'option-invalid',
      `--file (NEARSIDE_FILE), --database (NEARSIDE_DATABASE): expected one of the two, got ${got}.`,
    );
  }
  return file === undefined ? databaseAt(database ?? '') : fileAt(file);
}

/** One of the two. */
export interface StoreChoice {
  /** SQLite file, created with its folder when missing. `:memory:` keeps nothing. */
  readonly file?: string | undefined;
  /** PostgreSQL database, which other collectors may share: `postgres://user:password@host:5432/name`. */
  readonly database?: string | undefined;
}

/** @throws StartError `option-invalid` */
export function fileAt(file: string): StorePlace {
  if (!isDatabase(file)) return storeAt(file);
  throw new StartError(
    'option-invalid',
    'expected the path of an SQLite file, got the address of a database. Give it as the database.',
  );
}

/** @throws StartError `option-invalid` */
export function databaseAt(address: string): StorePlace {
  if (isDatabase(address)) return storeAt(address);
  throw new StartError(
    'option-invalid',
    'expected postgres://user:password@host:5432/name, got another address. Give a path as the file.',
  );
}

function isDatabase(address: string): boolean {
  return /^postgres(?:ql)?:\/\//i.test(address);
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
  if (isDatabase(address)) return postgresAt(address);
  throw new StartError(
    'option-invalid',
    // the rest of the address may hold a password
    `expected the path of an SQLite file, or file:///…, got an address that begins with ${scheme}. Name a file, such as reports.sqlite.`,
  );
}

function sqliteAt(file: string): StorePlace {
  return {
    named: { file },
    address: file === ':memory:' ? undefined : pathToFileURL(file).href,
    open: async (options) => openSqliteRollupStore(file, options),
    openReads: async () => openSqliteReads(file),
  };
}

function postgresAt(address: string): StorePlace {
  const { where } = new Hosts(address);
  // nobody but who has such a database loads its driver
  const load = () => import('./postgres/postgres-rollup-store.js');
  return {
    named: { database: where },
    address,
    open: async (options) => (await load()).openPostgresRollupStore(address, options),
    openReads: async () => (await load()).openPostgresReads(address),
  };
}
