import { CELL_LENGTHS } from './rollup-store.js';

/** Names of a database for the types of columns. */
export interface ColumnTypes {
  readonly integer: string;
  readonly real: string;
  readonly bytes: string;
  /** Key of a table that numbers its rows. */
  readonly number: string;
  /** Stands behind a table whose rows are found by its key alone. */
  readonly byKey: string;
}

/** Cells of 5 minutes are in `cell_300`. */
export function cellTable(lengthMs: number): string {
  return `cell_${lengthMs / 1000}`;
}

/** Rows are by the hour, and older ones by the UTC day. */
export type CohortTable = 'cohort' | 'cohort_day';

/** Columns of a cell behind its key, as `addToCell` writes them. */
export const CELL_COLUMNS = [
  'reports',
  'ok',
  'failed',
  'weighted',
  'devices',
  'latency',
  'counts',
  'histograms',
] as const;

/**
 * The tables that every store has. Times are Unix ms. Files and databases with these tables are in use: a change of them
 * is a migration of each store (`sqlite/schema.ts`, `postgres/schema.ts`), and never a change here.
 */
export function tablesOf({ integer, real, bytes, number, byKey }: ColumnTypes): string {
  /** A stretch of time × unit × cohort. */
  const cohortTable = (name: string) => `CREATE TABLE IF NOT EXISTS ${name} (
    model  ${integer} NOT NULL,
    start  ${integer} NOT NULL,
    unit   ${integer} NOT NULL,
    g      ${integer} NOT NULL,
    counts     TEXT NOT NULL,
    histograms ${bytes} NOT NULL,
    PRIMARY KEY (model, start, unit, g)
  ) ${byKey};`;
  return `
  -- acknowledged, and not yet added to the tables below: a JSON array of contributions
  CREATE TABLE IF NOT EXISTS log (
    n             ${number},
    contributions TEXT NOT NULL
  );

  CREATE TABLE IF NOT EXISTS model (
    id   ${number},
    name TEXT NOT NULL UNIQUE
  );
  CREATE TABLE IF NOT EXISTS series (
    id      ${number},
    model   ${integer} NOT NULL REFERENCES model,
    version TEXT NOT NULL,
    variant TEXT NOT NULL,
    backend TEXT NOT NULL,
    device  TEXT NOT NULL,
    arm     TEXT NOT NULL,
    UNIQUE (model, version, variant, backend, device, arm)
  );
  CREATE TABLE IF NOT EXISTS unit (
    id         ${number},
    model      ${integer} NOT NULL REFERENCES model,
    version    TEXT NOT NULL,
    assigned   TEXT NOT NULL,
    arm        TEXT NOT NULL,
    experiment TEXT NOT NULL,
    UNIQUE (model, version, assigned, arm, experiment)
  );
  -- names that have rows, and the last UTC day on which a report told of them
  CREATE TABLE IF NOT EXISTS name (
    kind  TEXT NOT NULL,
    model TEXT NOT NULL,
    name  TEXT NOT NULL,
    day   ${integer} NOT NULL,
    PRIMARY KEY (kind, model, name)
  ) ${byKey};

  -- the cells: series × a length of time × late on arrival or not; times in ms. What every chart asks has columns; the
  -- histogram of latency stands by itself before all others, and what is left is JSON
  ${CELL_LENGTHS.map(
    ({ ms }) => `
  CREATE TABLE IF NOT EXISTS ${cellTable(ms)} (
    model  ${integer} NOT NULL,
    start  ${integer} NOT NULL,
    series ${integer} NOT NULL,
    late   ${integer} NOT NULL,
    reports  ${real} NOT NULL,
    ok       ${real} NOT NULL,
    failed   ${real} NOT NULL,
    weighted ${real} NOT NULL,
    devices  ${real} NOT NULL,
    latency    ${bytes} NOT NULL,
    counts     TEXT NOT NULL,
    histograms ${bytes} NOT NULL,
    PRIMARY KEY (model, start, series, late)
  ) ${byKey};`,
  ).join('')}

  -- hour × unit × cohort
  ${cohortTable('cohort')}
  -- UTC day × unit × cohort, of hours that are kept no longer
  ${cohortTable('cohort_day')}

  -- everything ever counted: /metrics must not fall when cells are pruned, nor scan them
  CREATE TABLE IF NOT EXISTS lifetime (
    series ${integer} PRIMARY KEY REFERENCES series,
    last   ${integer} NOT NULL,
    counts TEXT NOT NULL
  );

  -- which part of a fleet carries a drift: hour × series
  CREATE TABLE IF NOT EXISTS segment (
    model  ${integer} NOT NULL,
    start  ${integer} NOT NULL,
    series ${integer} NOT NULL,
    counts TEXT NOT NULL,
    PRIMARY KEY (model, start, series)
  ) ${byKey};

  -- runs that failed or were slow: the last ones of each model, and no longer than some days. A resend is the same run
  CREATE TABLE IF NOT EXISTS trace (
    n       ${number},
    run     TEXT NOT NULL UNIQUE,
    arrived ${integer} NOT NULL,
    model   TEXT NOT NULL,
    spans   TEXT NOT NULL
  );
  CREATE INDEX IF NOT EXISTS trace_model ON trace (model, n);
  CREATE INDEX IF NOT EXISTS trace_arrived ON trace (arrived);

  -- what was known of versions, and from when on: the last row of each is what was said last
  CREATE TABLE IF NOT EXISTS release (
    n        ${number},
    at       ${integer} NOT NULL,
    model    TEXT NOT NULL,
    version  TEXT NOT NULL,
    state    TEXT NOT NULL,
    from_bps ${integer},
    to_bps   ${integer}
  );
  CREATE INDEX IF NOT EXISTS release_version ON release (model, version, n);

  -- facts about models that hold, and how often they were written
  CREATE TABLE IF NOT EXISTS facts (
    one   ${integer} PRIMARY KEY CHECK (one = 1),
    n     ${integer} NOT NULL,
    facts TEXT NOT NULL
  );

  -- what looks have found to begin, to end or to change. Rows are added, and never changed
  CREATE TABLE IF NOT EXISTS finding (
    n        ${number},
    at       ${integer} NOT NULL,
    model    TEXT NOT NULL,
    version  TEXT NOT NULL,
    kind     TEXT NOT NULL,
    subject  TEXT NOT NULL,
    state    TEXT NOT NULL,
    revision ${integer},
    figures  TEXT NOT NULL
  );
  CREATE INDEX IF NOT EXISTS finding_subject ON finding (model, version, kind, subject, n);

  -- when findings were last looked for, and up to which entry notices were sent
  CREATE TABLE IF NOT EXISTS look (
    one  ${integer} PRIMARY KEY CHECK (one = 1),
    at   ${integer},
    sent ${integer} NOT NULL
  );
  INSERT INTO look VALUES (1, NULL, 0) ON CONFLICT DO NOTHING;
`;
}
