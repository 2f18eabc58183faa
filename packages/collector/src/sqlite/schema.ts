import type Database from 'better-sqlite3';
import { tablesOf } from '../store/tables.js';

/** Every change below raises it. A file of a newer number is refused. */
export const SCHEMA_VERSION = 4;

/** "NEAR" in ASCII: marks a file as a collector's (SQLite's `application_id`). */
export const APPLICATION_ID = 0x4e454152;

const SCHEMA = `
  -- the process that writes to this file, as a lock file has it: host, PID namespace, number, start
  CREATE TABLE owner (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    token   TEXT NOT NULL,
    holder  TEXT NOT NULL,
    renewed INTEGER NOT NULL
  );

  -- ids already counted, 16 days from their arrival
  CREATE TABLE seen (
    day     INTEGER NOT NULL,
    id      BLOB NOT NULL,
    arrived INTEGER NOT NULL,
    PRIMARY KEY (day, id)
  ) WITHOUT ROWID;
  CREATE INDEX seen_arrived ON seen (arrived);

  ${tablesOf({
    integer: 'INTEGER',
    real: 'REAL',
    bytes: 'BLOB',
    number: 'INTEGER PRIMARY KEY',
    byKey: 'WITHOUT ROWID',
  })}
`;

/**
 * Creates the tables in an empty file, and leaves those of a collector as they are.
 *
 * @throws Error when the file is of a newer schema, or is not a collector's
 */
export function ensureSchema(database: Database.Database): void {
  prepareEmptyFile(database);
  const ensure = database.transaction(() => {
    if (database.pragma('application_id', { simple: true }) === APPLICATION_ID) {
      const version = database.pragma('user_version', { simple: true }) as number;
      if (version > SCHEMA_VERSION) {
        throw new Error(`expected schema ${SCHEMA_VERSION}, got the newer ${version}`);
      }
      return;
    }
    if (countTables(database) !== 0) {
      throw new Error('expected an empty file, got a database of something else');
    }
    database.exec(SCHEMA);
    database.pragma(`application_id = ${APPLICATION_ID}`);
    database.pragma(`user_version = ${SCHEMA_VERSION}`);
  });
  ensure.immediate();
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
