/** The tables of schema 3, as they were, for files that are to be brought up to date. */
export const SCHEMA_3 = `
  -- the process that writes to this file
  CREATE TABLE owner (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    token   TEXT NOT NULL,
    pid     INTEGER NOT NULL,
    host    TEXT NOT NULL,
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
  -- names within counts that have rows: app releases, outcomes, baselines
  CREATE TABLE name (
    kind  TEXT NOT NULL,
    model TEXT NOT NULL,
    name  TEXT NOT NULL,
    PRIMARY KEY (kind, model, name)
  ) WITHOUT ROWID;

  -- the cells: series × a length of time × late on arrival or not; times in ms. What every chart asks has columns; the
  -- histogram of latency stands by itself before all others, and what is left is JSON
${[300, 3600, 21_600, 86_400]
  .map(
    (seconds) => `
  CREATE TABLE cell_${seconds} (
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
  )
  .join('')}

  -- hour × unit × cohort
  CREATE TABLE cohort (
    model  INTEGER NOT NULL,
    start  INTEGER NOT NULL,
    unit   INTEGER NOT NULL,
    g      INTEGER NOT NULL,
    counts     TEXT NOT NULL,
    histograms BLOB NOT NULL,
    PRIMARY KEY (model, start, unit, g)
  ) WITHOUT ROWID;

  -- everything ever counted: /metrics must not fall when cells are pruned, nor scan them
  CREATE TABLE lifetime (
    series INTEGER PRIMARY KEY REFERENCES series,
    last   INTEGER NOT NULL,
    counts TEXT NOT NULL
  );

  -- runs that failed or were slow: the last ones, and no longer than some days. A resend is the same run
  CREATE TABLE trace (
    n       INTEGER PRIMARY KEY,
    run     TEXT NOT NULL UNIQUE,
    arrived INTEGER NOT NULL,
    model   TEXT NOT NULL,
    spans   TEXT NOT NULL
  );
  CREATE INDEX trace_model ON trace (model, n);
  CREATE INDEX trace_arrived ON trace (arrived);

  -- which part of a fleet carries a drift: hour × series
  CREATE TABLE segment (
    model  INTEGER NOT NULL,
    start  INTEGER NOT NULL,
    series INTEGER NOT NULL,
    counts TEXT NOT NULL,
    PRIMARY KEY (model, start, series)
  ) WITHOUT ROWID;
`;
