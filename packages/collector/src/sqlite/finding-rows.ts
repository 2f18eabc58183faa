import type Database from 'better-sqlite3';
import { RETENTION } from '../counting/retention.js';
import { DAY_MS } from '../counting/time.js';
import type {
  FindingEntry,
  LastFindings,
  ModelRange,
  NewFindingEntry,
} from '../store/rollup-store.js';

export const FINDING_SCHEMA = `
  -- what looks have found to begin, to end or to change. Rows are added, and never changed
  CREATE TABLE finding (
    n        INTEGER PRIMARY KEY,
    at       INTEGER NOT NULL,
    model    TEXT NOT NULL,
    version  TEXT NOT NULL,
    kind     TEXT NOT NULL,
    subject  TEXT NOT NULL,
    state    TEXT NOT NULL,
    revision INTEGER,
    figures  TEXT NOT NULL
  );
  CREATE INDEX finding_subject ON finding (model, version, kind, subject, n);

  -- when findings were last looked for, and up to which entry notices were sent
  CREATE TABLE look (
    one  INTEGER PRIMARY KEY CHECK (one = 1),
    at   INTEGER,
    sent INTEGER NOT NULL
  );
  INSERT INTO look VALUES (1, NULL, 0);
`;

const COLUMNS = 'n, at AS atMs, model, version, kind, subject, state, revision, figures';
const IS_LAST = `n = (
  SELECT max(n) FROM finding l
  WHERE l.model = f.model AND l.version = f.version AND l.kind = f.kind AND l.subject = f.subject)`;

type FindingColumns = Omit<FindingEntry, 'figures'> & { readonly figures: string };

/** Writes entries, says up to which one notices were sent, and forgets old ones. */
export function prepareFindings(database: Database.Database, checkOwner: () => void) {
  const insert = database.prepare(`
    INSERT INTO finding (at, model, version, kind, subject, state, revision, figures)
    VALUES (@atMs, @model, @version, @kind, @subject, @state, @revision, @figures)`);
  const looked = database.prepare('UPDATE look SET at = ?');
  const sent = database.prepare('UPDATE look SET sent = ?');
  const unsent = database.prepare(`
    SELECT ${COLUMNS} FROM finding WHERE n > (SELECT sent FROM look) ORDER BY n LIMIT ?`);
  // the last entry of a subject is kept, because it says how things are
  const forget = database.prepare(`
    DELETE FROM finding WHERE n IN (
      SELECT n FROM finding f WHERE at < ? AND NOT ${IS_LAST} LIMIT ?)`);

  const addLook = database.transaction((entries: readonly NewFindingEntry[], atMs: number) => {
    checkOwner();
    for (const entry of entries) insert.run({ ...entry, figures: JSON.stringify(entry.figures) });
    looked.run(atMs);
  });

  const noteSent = database.transaction((n: number) => {
    checkOwner();
    sent.run(n);
  });

  return {
    addLook: (entries: readonly NewFindingEntry[], atMs: number) =>
      addLook.immediate(entries, atMs),
    unsent: (limit: number) => (unsent.all(limit) as FindingColumns[]).map(entryOf),
    noteSent: (n: number) => noteSent.immediate(n),
    /** @returns how many were forgotten */
    forget: (nowMs: number, rows: number) =>
      forget.run(nowMs - RETENTION.findingDays * DAY_MS, rows).changes,
  };
}

/** Reads what was written in a range, and before it the last of each subject. */
export function prepareReadFindings(
  database: Database.Database,
): (range: ModelRange) => FindingEntry[] {
  const rows = database.prepare(`
    SELECT ${COLUMNS} FROM finding f WHERE model = @model AND at < @toMs AND (at >= @fromMs OR n = (
      SELECT max(n) FROM finding l
      WHERE l.model = f.model AND l.version = f.version AND l.kind = f.kind
        AND l.subject = f.subject AND l.at < @fromMs))
    ORDER BY n`);
  return (range) => (rows.all(range) as FindingColumns[]).map(entryOf);
}

export function prepareLastFindings(database: Database.Database): () => LastFindings {
  const rows = database.prepare(`SELECT ${COLUMNS} FROM finding f WHERE ${IS_LAST} ORDER BY n`);
  const look = database.prepare('SELECT at FROM look').pluck();
  return database.transaction(() => ({
    lookedMs: look.get() as number | null,
    entries: (rows.all() as FindingColumns[]).map(entryOf),
  }));
}

function entryOf({ figures, ...entry }: FindingColumns): FindingEntry {
  return { ...entry, figures: JSON.parse(figures) as unknown };
}
