/** The tables of schema 1, as they were, for files that are to be brought up to date. */
export const SCHEMA_1 = `
  -- ids already counted, 30 days
  CREATE TABLE seen (
    day INTEGER NOT NULL,
    id  TEXT NOT NULL,
    PRIMARY KEY (day, id)
  ) WITHOUT ROWID;

  CREATE TABLE series (
    id      INTEGER PRIMARY KEY,
    model   TEXT NOT NULL,
    version TEXT NOT NULL,
    variant TEXT NOT NULL,
    backend TEXT NOT NULL,
    device  TEXT NOT NULL,
    arm     TEXT NOT NULL,
    UNIQUE (model, version, variant, backend, device, arm)
  );

  -- the cells: series × 5 minutes or an hour × late on arrival or not; times and lengths in ms
  CREATE TABLE cell (
    id            INTEGER PRIMARY KEY,
    series        INTEGER NOT NULL REFERENCES series,
    length        INTEGER NOT NULL,
    start         INTEGER NOT NULL,
    late          INTEGER NOT NULL,
    reports       INTEGER NOT NULL,
    ok            INTEGER NOT NULL,
    ok_weighted   REAL    NOT NULL,
    aborted       INTEGER NOT NULL,
    invalid       INTEGER NOT NULL,
    cold_starts   INTEGER NOT NULL,
    cache_hits    INTEGER NOT NULL,
    fallbacks     INTEGER NOT NULL,
    quarantines   INTEGER NOT NULL,
    bytes_fetched INTEGER NOT NULL,
    UNIQUE (series, length, start, late)
  );
  CREATE INDEX cell_start ON cell (length, start);

  CREATE TABLE cell_error (
    cell     INTEGER NOT NULL REFERENCES cell ON DELETE CASCADE,
    code     TEXT NOT NULL,
    n        INTEGER NOT NULL,
    weighted REAL NOT NULL,
    PRIMARY KEY (cell, code)
  ) WITHOUT ROWID;

  -- exponential histograms: zeros and sum once, then one row a bucket
  CREATE TABLE cell_histogram (
    cell  INTEGER NOT NULL REFERENCES cell ON DELETE CASCADE,
    name  TEXT NOT NULL,
    zeros INTEGER NOT NULL,
    sum   REAL NOT NULL,
    PRIMARY KEY (cell, name)
  ) WITHOUT ROWID;
  CREATE TABLE cell_bin (
    cell INTEGER NOT NULL REFERENCES cell ON DELETE CASCADE,
    name TEXT NOT NULL,
    bin  INTEGER NOT NULL,
    n    INTEGER NOT NULL,
    PRIMARY KEY (cell, name, bin)
  ) WITHOUT ROWID;

  -- predicted classes; '' is all others
  CREATE TABLE cell_class (
    cell  INTEGER NOT NULL REFERENCES cell ON DELETE CASCADE,
    label TEXT NOT NULL,
    n     INTEGER NOT NULL,
    PRIMARY KEY (cell, label)
  ) WITHOUT ROWID;

  -- confidence and entropy over the bins of the baseline whose hash is in edges
  CREATE TABLE cell_score (
    cell  INTEGER NOT NULL REFERENCES cell ON DELETE CASCADE,
    edges TEXT NOT NULL,
    name  TEXT NOT NULL,
    bin   INTEGER NOT NULL,
    n     INTEGER NOT NULL,
    PRIMARY KEY (cell, edges, name, bin)
  ) WITHOUT ROWID;

  CREATE TABLE cell_feedback (
    cell    INTEGER NOT NULL REFERENCES cell ON DELETE CASCADE,
    bin     INTEGER NOT NULL,
    n       INTEGER NOT NULL,
    correct INTEGER NOT NULL,
    PRIMARY KEY (cell, bin)
  ) WITHOUT ROWID;

  -- devices by UTC day
  CREATE TABLE device_day (
    series INTEGER NOT NULL REFERENCES series,
    day    INTEGER NOT NULL,
    n      INTEGER NOT NULL,
    PRIMARY KEY (series, day)
  ) WITHOUT ROWID;

  -- everything ever counted: /metrics must not fall when cells are pruned, nor scan them
  CREATE TABLE lifetime (
    series         INTEGER PRIMARY KEY REFERENCES series,
    ok             INTEGER NOT NULL,
    aborted        INTEGER NOT NULL,
    invalid        INTEGER NOT NULL,
    device_days    INTEGER NOT NULL,
    duration_zeros INTEGER NOT NULL,
    duration_sum   REAL NOT NULL
  );
  CREATE TABLE lifetime_error (
    series INTEGER NOT NULL REFERENCES series,
    code   TEXT NOT NULL,
    n      INTEGER NOT NULL,
    PRIMARY KEY (series, code)
  ) WITHOUT ROWID;
  CREATE TABLE lifetime_bin (
    series INTEGER NOT NULL REFERENCES series,
    bin    INTEGER NOT NULL,
    n      INTEGER NOT NULL,
    PRIMARY KEY (series, bin)
  ) WITHOUT ROWID;
`;
