import type Database from 'better-sqlite3';
import { CELL_LENGTHS } from '../store/rollup-store.js';
import { FINDING_SCHEMA } from './finding-rows.js';
import { RELEASE_SCHEMA } from './release-rows.js';
import { TRACE_SCHEMA } from './trace-rows.js';

/** Every change below raises it. A file of a newer number is refused. */
export const SCHEMA_VERSION = 4;

/** "NEAR" in ASCII: marks a file as a collector's (SQLite's `application_id`). */
export const APPLICATION_ID = 0x4e454152;

/** Cells of 5 minutes are in `cell_300`. */
export function cellTable(lengthMs: number): string {
  return `cell_${lengthMs / 1000}`;
}

/** A stretch of time × unit × cohort. */
function cohortTable(name: string): string {
  return `CREATE TABLE ${name} (
    model  INTEGER NOT NULL,
    start  INTEGER NOT NULL,
    unit   INTEGER NOT NULL,
    g      INTEGER NOT NULL,
    counts     TEXT NOT NULL,
    histograms BLOB NOT NULL,
    PRIMARY KEY (model, start, unit, g)
  ) WITHOUT ROWID;`;
}

const SCHEMA = `
  -- the process that writes to this file, as a lock file has it: host, PID namespace, number, start
  CREATE TABLE owner (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    token   TEXT NOT NULL,
    holder  TEXT NOT NULL,
    renewed INTEGER NOT NULL
  );

  -- ids already counted, 30 days from their arrival
  CREATE TABLE seen (
    day     INTEGER NOT NULL,
    id      BLOB NOT NULL,
    arrived INTEGER NOT NULL,
    PRIMARY KEY (day, id)
  ) WITHOUT ROWID;
  CREATE INDEX seen_arrived ON seen (arrived);

  -- acknowledged, and not yet added to the tables below: a JSON array of contributions
  CREATE TABLE log (
    n             INTEGER PRIMARY KEY,
    contributions TEXT NOT NULL
  );

  CREATE TABLE model (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
  );
  CREATE TABLE series (
    id      INTEGER PRIMARY KEY,
    model   INTEGER NOT NULL REFERENCES model,
    version TEXT NOT NULL,
    variant TEXT NOT NULL,
    backend TEXT NOT NULL,
    device  TEXT NOT NULL,
    arm     TEXT NOT NULL,
    UNIQUE (model, version, variant, backend, device, arm)
  );
  CREATE TABLE unit (
    id         INTEGER PRIMARY KEY,
    model      INTEGER NOT NULL REFERENCES model,
    version    TEXT NOT NULL,
    assigned   TEXT NOT NULL,
    arm        TEXT NOT NULL,
    experiment TEXT NOT NULL,
    UNIQUE (model, version, assigned, arm, experiment)
  );
  -- names that have rows, and the last UTC day on which a report told of them
  CREATE TABLE name (
    kind  TEXT NOT NULL,
    model TEXT NOT NULL,
    name  TEXT NOT NULL,
    day   INTEGER NOT NULL,
    PRIMARY KEY (kind, model, name)
  ) WITHOUT ROWID;

  -- the cells: series × a length of time × late on arrival or not; times in ms. What every chart asks has columns; the
  -- histogram of latency stands by itself before all others, and what is left is JSON
  ${CELL_LENGTHS.map(
    ({ ms }) => `
  CREATE TABLE ${cellTable(ms)} (
    model  INTEGER NOT NULL,
    start  INTEGER NOT NULL,
    series INTEGER NOT NULL,
    late   INTEGER NOT NULL,
    reports  REAL NOT NULL,
    ok       REAL NOT NULL,
    failed   REAL NOT NULL,
    weighted REAL NOT NULL,
    devices  REAL NOT NULL,
    latency    BLOB NOT NULL,
    counts     TEXT NOT NULL,
    histograms BLOB NOT NULL,
    PRIMARY KEY (model, start, series, late)
  ) WITHOUT ROWID;`,
  ).join('')}

  -- hour × unit × cohort
  ${cohortTable('cohort')}

  -- everything ever counted: /metrics must not fall when cells are pruned, nor scan them
  CREATE TABLE lifetime (
    series INTEGER PRIMARY KEY REFERENCES series,
    last   INTEGER NOT NULL,
    counts TEXT NOT NULL
  );

  ${TRACE_SCHEMA}

  -- which part of a fleet carries a drift: hour × series
  CREATE TABLE segment (
    model  INTEGER NOT NULL,
    start  INTEGER NOT NULL,
    series INTEGER NOT NULL,
    counts TEXT NOT NULL,
    PRIMARY KEY (model, start, series)
  ) WITHOUT ROWID;

  ${RELEASE_SCHEMA}

  -- UTC day × unit × cohort, of hours that are kept no longer
  ${cohortTable('cohort_day')}

  ${FINDING_SCHEMA}
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
