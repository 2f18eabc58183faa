import { closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import Database from 'better-sqlite3';
import { LEAST_FREE_BYTES } from '../store/disk-room.js';
import { tablesOf } from '../store/tables.js';
import { fillFromFirstSchema, setFirstSchemaAside } from './first-schema.js';
import { requireNoOwner } from './owner.js';

/** "NEAR" in ASCII: marks a file as a collector's (SQLite's `application_id`). */
export const APPLICATION_ID = 0x4e454152;

/**
 * "near": marks the earliest files. Their schemas were 1 to 4, and then schemas were numbered from 1 again. The first one
 * alone has other tables.
 */
const EARLY_APPLICATION_ID = 0x6e656172;
const LAST_EARLY_SCHEMA = 4;

const TABLES = `
  -- the process that writes to this file, as a lock file has it: host, PID namespace, number, start
  CREATE TABLE IF NOT EXISTS owner (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    token   TEXT NOT NULL,
    holder  TEXT NOT NULL,
    renewed INTEGER NOT NULL
  );

  -- ids already counted, 16 days from their arrival
  CREATE TABLE IF NOT EXISTS seen (
    day     INTEGER NOT NULL,
    id      BLOB NOT NULL,
    arrived INTEGER NOT NULL,
    PRIMARY KEY (day, id)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS seen_arrived ON seen (arrived);

  -- rows of the log that could not be read
  CREATE TABLE IF NOT EXISTS log_unreadable (
    n             INTEGER PRIMARY KEY,
    contributions TEXT NOT NULL,
    reason        TEXT NOT NULL
  );

  ${tablesOf({
    integer: 'INTEGER',
    real: 'REAL',
    bytes: 'BLOB',
    number: 'INTEGER PRIMARY KEY',
    byKey: 'WITHOUT ROWID',
  })}
`;

interface Migration {
  /** The schema that it makes of the one before. */
  readonly schema: number;
  readonly change: (database: Database.Database) => void;
}

/** The first migration makes the tables of an empty file too, and takes a file of every older schema. */
const MIGRATIONS: readonly Migration[] = [{ schema: 5, change: makeTables }];

/** The schema of this collector. A file of a newer one is refused. */
export const SCHEMA_VERSION = MIGRATIONS.at(-1)?.schema ?? 0;

/** A file was brought up to date. */
export interface Migrated {
  readonly from: number;
  readonly to: number;
  /** The file as it was. */
  readonly copy: string;
}

/**
 * Makes the tables of an empty file, or brings those of an older schema up to date, all in one transaction: a process
 * that is killed leaves the file as it was. An older file is copied before, as `<file>.before-schema-5`.
 *
 * @param freeBytes on the disk of the file, undefined for one in memory
 * @returns undefined where there was nothing to bring up to date
 * @throws Error when the file is of a newer schema, is not a collector's, has an owner, or cannot be copied
 */
export function ensureSchema(
  database: Database.Database,
  freeBytes: () => number | undefined,
): Migrated | undefined {
  prepareEmptyFile(database);
  if (schemaOf(database) === SCHEMA_VERSION) return undefined;
  const bringUpToDate = database.transaction((): Migrated | undefined => {
    // another process may have done it just before, and nobody writes to the file from here on
    const found = schemaOf(database);
    if (found === SCHEMA_VERSION) return undefined;
    if (found > 0) requireNoOwner(database, Date.now);
    const copy = found > 0 ? copyOf(database, freeBytes) : undefined;
    migrate(database, found);
    return copy === undefined ? undefined : { from: found, to: SCHEMA_VERSION, copy };
  });
  return bringUpToDate.immediate();
}

function migrate(database: Database.Database, found: number): void {
  const isFirst = found === 1 && applicationOf(database) === EARLY_APPLICATION_ID;
  if (isFirst) setFirstSchemaAside(database);
  for (const { schema, change } of MIGRATIONS) if (found < schema) change(database);
  // last, because what adds counts knows only the tables of today
  if (isFirst) fillFromFirstSchema(database);
  database.pragma(`application_id = ${APPLICATION_ID}`);
  database.pragma(`user_version = ${SCHEMA_VERSION}`);
}

/**
 * Returns the schema of a file, 0 of an empty one.
 *
 * @throws Error when it is newer, or not a collector's
 */
function schemaOf(database: Database.Database): number {
  const version = database.pragma('user_version', { simple: true }) as number;
  const application = applicationOf(database);
  if (application === EARLY_APPLICATION_ID && version >= 1 && version <= LAST_EARLY_SCHEMA) {
    return version;
  }
  if (application === APPLICATION_ID && version >= 1) {
    if (version <= SCHEMA_VERSION) return version;
    throw new Error(
      `the file has schema ${version}, and this collector knows schemas up to ${SCHEMA_VERSION}. Update this collector. The file was left as it is`,
    );
  }
  if (countTables(database) === 0) return 0;
  throw new Error('expected an empty file, got a database of something else');
}

function applicationOf(database: Database.Database): number {
  return database.pragma('application_id', { simple: true }) as number;
}

/** Makes all tables that are not there yet. Of those that were there, `owner` and `name` alone have got other columns. */
function makeTables(database: Database.Database): void {
  const columns = (table: string) =>
    database.prepare('SELECT name FROM pragma_table_info(?)').pluck().all(table);
  if (!columns('owner').includes('holder')) database.exec('DROP TABLE IF EXISTS owner');
  const isWithoutDays = columns('name').length > 0 && !columns('name').includes('day');
  if (isWithoutDays) database.exec('ALTER TABLE name RENAME TO name_without_day');
  database.exec(TABLES);
  if (isWithoutDays) database.exec(NAMES_WITH_DAYS);
}

/** A name counts as told of on the last day that has counts. Models, versions and their combinations had no rows. */
const NAMES_WITH_DAYS = `
  INSERT INTO name (kind, model, name, day)
  WITH last (day) AS (SELECT coalesce(max(start) / 86400000, 0) FROM cell_86400),
  known (kind, model, name) AS (
    SELECT kind, model, name FROM name_without_day
    UNION SELECT 'model', '', name FROM model
    UNION SELECT 'version', m.name, version FROM series s JOIN model m ON m.id = s.model
    UNION SELECT 'version', m.name, assigned FROM unit u JOIN model m ON m.id = u.model
    UNION SELECT 'variant', m.name, variant FROM series s JOIN model m ON m.id = s.model
    UNION SELECT 'experiment', m.name, experiment FROM unit u JOIN model m ON m.id = u.model
    UNION SELECT 'series', '', concat_ws(' ', m.name, version, variant, backend, device, arm)
      FROM series s JOIN model m ON m.id = s.model
      WHERE NOT (variant = 'other' AND backend = 'other' AND device = 'other')
    UNION SELECT 'unit', '', concat_ws(' ', m.name, version, assigned, arm, experiment)
      FROM unit u JOIN model m ON m.id = u.model)
  SELECT kind, model, name, day FROM known, last WHERE name NOT IN ('', 'unlisted', 'other');
  DROP TABLE name_without_day;
`;

/**
 * Copies the file as it is, readable by its owner alone. A copy has its name once it is whole. The connection holds the
 * file meanwhile, and has written nothing. SQLite copies nothing within a transaction, so another connection does.
 */
function copyOf(database: Database.Database, freeBytes: () => number | undefined): string {
  const copy = `${database.name}.before-schema-${SCHEMA_VERSION}`;
  const partial = `${copy}.partial`;
  rmSync(partial, { force: true });
  const bytes =
    (database.pragma('page_count', { simple: true }) as number) *
    (database.pragma('page_size', { simple: true }) as number);
  // the migration itself writes, too
  const free = freeBytes();
  if (free !== undefined && free < bytes + LEAST_FREE_BYTES) {
    throw new Error(
      `${bytes + LEAST_FREE_BYTES} free bytes are needed to copy the file before it is brought to schema ${SCHEMA_VERSION}, and ${free} are there. Make room; the file was left as it is`,
    );
  }
  const descriptor = openSync(partial, 'wx', 0o600);
  const reader = new Database(database.name, { readonly: true });
  try {
    reader.prepare('VACUUM INTO ?').run(partial);
    fsyncSync(descriptor);
  } finally {
    reader.close();
    closeSync(descriptor);
  }
  renameSync(partial, copy);
  return copy;
}

/** These hold only for a file without a page. Rows are large: pages of 4 KB would spill most of them. */
function prepareEmptyFile(database: Database.Database): void {
  if (countTables(database) !== 0) return;
  database.pragma('page_size = 8192');
  database.pragma('auto_vacuum = INCREMENTAL');
}

function countTables(database: Database.Database): number {
  return database.prepare('SELECT count(*) FROM sqlite_schema').pluck().get() as number;
}
