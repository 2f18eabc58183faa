import { SCHEMA_2 } from './schema-2.js';

/** The tables of schema 3, as they were, for files that are to be brought up to date. */
export const SCHEMA_3 = `${SCHEMA_2}
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
