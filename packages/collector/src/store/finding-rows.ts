import { RETENTION } from '../counting/retention.js';
import { DAY_MS } from '../counting/time.js';
import type { FindingEntry, LastFindings, ModelRange, NewFindingEntry } from './rollup-store.js';
import { change, row, rows, type Work } from './statements.js';

const COLUMNS = 'n, at AS "atMs", model, version, kind, subject, state, revision, figures';
const OF_SUBJECT =
  'l.model = f.model AND l.version = f.version AND l.kind = f.kind AND l.subject = f.subject';
const IS_LAST = `n = (SELECT max(n) FROM finding l WHERE ${OF_SUBJECT})`;

type FindingColumns = Omit<FindingEntry, 'figures'> & { readonly figures: string };

export function* writeLook(entries: readonly NewFindingEntry[], atMs: number): Work<void> {
  for (const { figures, ...entry } of entries) {
    yield* change(
      `
      INSERT INTO finding (at, model, version, kind, subject, state, revision, figures)
      VALUES (@atMs, @model, @version, @kind, @subject, @state, @revision, @figures)`,
      { ...entry, figures: JSON.stringify(figures) },
    );
  }
  yield* change('UPDATE look SET at = @atMs', { atMs });
}

export function* readUnsentFindings(limit: number): Work<FindingEntry[]> {
  const found = yield* rows<FindingColumns>(
    `SELECT ${COLUMNS} FROM finding WHERE n > (SELECT sent FROM look) ORDER BY n LIMIT @limit`,
    { limit },
  );
  return [...found].map(entryOf);
}

export function writeSent(n: number): Work<number> {
  return change('UPDATE look SET sent = @n', { n });
}

/** Keeps the last entry of a subject, because it says how things are. */
export function forgetFindings(nowMs: number, limit: number): Work<number> {
  return change(
    `
    DELETE FROM finding WHERE n IN (
      SELECT n FROM finding f WHERE at < @beforeMs AND NOT ${IS_LAST} LIMIT @limit)`,
    { beforeMs: nowMs - RETENTION.findingDays * DAY_MS, limit },
  );
}

/** Reads what was written in a range, and before it the last of each subject. */
export function* readFindings({ model, fromMs, toMs }: ModelRange): Work<FindingEntry[]> {
  const found = yield* rows<FindingColumns>(
    `
    SELECT ${COLUMNS} FROM finding f WHERE model = @model AND at < @toMs AND (at >= @fromMs OR n = (
      SELECT max(n) FROM finding l WHERE ${OF_SUBJECT} AND l.at < @fromMs))
    ORDER BY n`,
    { model, fromMs, toMs },
  );
  return [...found].map(entryOf);
}

export function* readLastFindings(): Work<LastFindings> {
  const lookedMs = yield* readLookedMs();
  const found = yield* rows<FindingColumns>(
    `SELECT ${COLUMNS} FROM finding f WHERE ${IS_LAST} ORDER BY n`,
  );
  return { lookedMs, entries: [...found].map(entryOf) };
}

export function* readLookedMs(): Work<number | null> {
  const look = yield* row<{ at: number | null }>('SELECT at FROM look');
  return look?.at ?? null;
}

function entryOf({ figures, ...entry }: FindingColumns): FindingEntry {
  return { ...entry, figures: JSON.parse(figures) as unknown };
}
