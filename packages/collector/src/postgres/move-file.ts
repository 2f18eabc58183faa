import { existsSync } from 'node:fs';
import { NearsideError } from '@nearside/core';
import Database from 'better-sqlite3';
import { RETENTION } from '../counting/retention.js';
import { utcDay } from '../counting/time.js';
import { StartError } from '../refusals/start-error.js';
import { markMoved } from '../sqlite/moved-mark.js';
import { openSqliteRollupStore } from '../sqlite/sqlite-rollup-store.js';
import { reasonOf } from '../store/attempt.js';
import { inText } from './append-batch.js';
import { Connections } from './connections.js';
import { Hosts } from './hosts.js';
import { LOCKS, MOVING, migrate, OLDEST_WRITER } from './schema.js';
import { turnSeenDays } from './seen-days.js';
import type { Session } from './session.js';

/** Rows are sent in pieces of about so much JSON, characters. */
const PIECE_LENGTH = 1_000_000;
const PROGRESS_ROWS = 1_000_000;

/** A piece goes into an index of millions of ids. */
const ANSWER_MS = 120_000;

/** These are of the file alone. The log is empty once it is opened. */
const NOT_MOVED = ['owner', 'log', 'moved'];

/** Ids are UUIDs there. */
const SEEN = 'SELECT day, hex(id) AS id, arrived + ? AS until FROM seen';

interface Moving {
  /** Told of the progress. */
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Takes all that is in a collector's file to an empty database, or nothing. No collector writes to the database before
 * all is there, even when the move is interrupted: it is then repeated. No collector writes to the file afterwards.
 *
 * @returns the database, for people and without a secret, and the number of rows by table
 */
export async function moveFile(from: string, to: string, moving: Moving) {
  if (!existsSync(from)) {
    throw new StartError('file-missing', `${from}: expected a collector's SQLite file.`);
  }
  // it has the file to itself now, and what was in the log is in the tables
  const store = openSqliteRollupStore(from, { isForMove: true });
  const file = new Database(from, { readonly: true });
  const state: MoveState = { isSent: false };
  try {
    const { where } = new Hosts(to);
    const session = await new Connections(to, { most: 1, answerMs: ANSWER_MS }).open();
    const counts = await moveTables(file, session, { ...moving, state }).finally(() =>
      session.close(),
    );
    markMoved(from, where);
    return { where, counts };
  } catch (cause) {
    const message = state.isSent
      ? `All was sent, and the end is not known: ${reasonOf(cause)}. Repeat the move: if the database is then not empty, it has everything.`
      : `Nothing was moved: ${reasonOf(cause)}. The file is as it was.`;
    throw new NearsideError('store-unavailable', message, { cause });
  } finally {
    file.close();
    await store.close();
  }
}

interface MoveState {
  /** All is sent, and nothing is left but the commit. */
  isSent: boolean;
}

async function moveTables(
  file: Database.Database,
  session: Session,
  { state, ...moving }: Moving & { readonly state: MoveState },
) {
  const tables = tablesOf(file);
  await takeDatabase(session, tables);
  return session.transact(async () => {
    const counts: Record<string, number> = {};
    for (const table of tables) counts[table] = await moveRows(file, table, { session, ...moving });
    await numberRowsAnew(session);
    await session.query('UPDATE store SET oldest_writer = $1', [OLDEST_WRITER]);
    state.isSent = true;
    return counts;
  });
}

/** In the order in which they were made: others refer to the first ones. */
function tablesOf(file: Database.Database): string[] {
  const names = file
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY rowid")
    .pluck();
  return (names.all() as string[]).filter((name) => !NOT_MOVED.includes(name));
}

/** From now on no collector writes to it. @throws Error when something is in it, or a collector uses it */
async function takeDatabase(session: Session, tables: readonly string[]): Promise<void> {
  const { rows } = await session.query(
    'SELECT pg_try_advisory_lock($1, $2) AS "isHeld"',
    LOCKS.keeper,
  );
  if (!rows[0]?.isHeld) throw new Error('a collector, or another move, uses the database: end it');
  await migrate(session, { isMove: true });
  await turnSeenDays(session, utcDay(Date.now()));
  await session.transact(async () => {
    // it waits for those who write now, and they who come later find the mark
    await session.query('LOCK TABLE seen, log IN SHARE ROW EXCLUSIVE MODE');
    await session.query('DELETE FROM look'); // its row is there from the beginning
    for (const table of [...tables, 'log']) await requireEmpty(session, table);
    await session.query('UPDATE store SET oldest_writer = $1', [MOVING]);
  });
}

async function requireEmpty(session: Session, table: string): Promise<void> {
  const { rows } = await session.query(`SELECT FROM ${table} LIMIT 1`);
  if (rows.length === 0) return;
  throw new Error(`expected an empty database, got rows in its table ${table}. Name another one`);
}

/** @returns the number of rows */
async function moveRows(
  file: Database.Database,
  table: string,
  { session, say, signal }: Moving & { readonly session: Session },
): Promise<number> {
  let piece: string[] = [];
  let length = 0;
  let count = 0;
  const send = async () => {
    if (signal.aborted) throw new Error('it was interrupted');
    await session.query(
      `INSERT INTO ${table}
       SELECT * FROM json_populate_recordset((SELECT t FROM ${table} t LIMIT 0), $1)`,
      [`[${piece.join()}]`],
    );
    piece = [];
    length = 0;
  };
  const isSeen = table === 'seen';
  const select = file.prepare(isSeen ? SEEN : `SELECT * FROM ${table}`);
  for (const row of select.iterate(isSeen ? [RETENTION.seenDays] : [])) {
    const json = inText(sentRow(row as Record<string, unknown>));
    piece.push(json);
    length += json.length;
    count += 1;
    if (length >= PIECE_LENGTH) await send();
    if (count % PROGRESS_ROWS === 0) say(`${table}: ${count} rows so far`);
  }
  if (length > 0) await send();
  say(`${table}: ${count} rows`);
  return count;
}

/** Bytes are written as PostgreSQL does. */
function sentRow(row: Record<string, unknown>): object {
  const columns = Object.entries(row).map(([name, value]) => {
    return [name, Buffer.isBuffer(value) ? `\\x${value.toString('hex')}` : value];
  });
  return Object.fromEntries(columns);
}

/** Rows that are added later get numbers after those of the rows that were moved. */
async function numberRowsAnew(session: Session): Promise<void> {
  const { rows } = await session.query(
    `SELECT table_name AS table, column_name AS column FROM information_schema.columns
     WHERE table_schema = current_schema() AND is_identity = 'YES'`,
  );
  for (const { table, column } of rows) {
    await session.query(
      `SELECT setval(pg_get_serial_sequence($1, $2),
         1 + (SELECT coalesce(max(${column}), 0) FROM ${table}), false)`,
      [table, column],
    );
  }
}
