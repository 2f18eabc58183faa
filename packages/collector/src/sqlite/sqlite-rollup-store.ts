import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { NearsideError } from '@nearside/core';
import Database from 'better-sqlite3';
import { RETENTION } from '../counting/retention.js';
import { StartError } from '../refusals/start-error.js';
import { attempt, reasonOf } from '../store/attempt.js';
import { freeBytesBeside, requireRoom } from '../store/disk-room.js';
import { readFacts, writeFacts } from '../store/facts-row.js';
import { readUnsentFindings, writeLook, writeSent } from '../store/finding-rows.js';
import { forgetOld } from '../store/forget-old.js';
import { answerQuestions, readNames } from '../store/questions.js';
import type { RollupReads, RollupStore } from '../store/rollup-store.js';
import { change, type Work } from '../store/statements.js';
import { readTraces, writeTraces } from '../store/trace-rows.js';
import type { SetAsideOptions } from '../store/unreadable-rows.js';
import { LogWriter } from './log-writer.js';
import { requireNotMoved } from './moved-mark.js';
import { type Ownership, takeOwnership } from './owner.js';
import { prepareRun } from './run-work.js';
import { ensureSchema, type Migrated } from './schema.js';

/** A write waits so long for another process that holds the file. Nobody is answered meanwhile, so it then fails. */
const BUSY_TIMEOUT_MS = 250;

export interface SqliteOptions extends SetAsideOptions {
  /** Told when a file of an older schema was brought up to date. */
  readonly onMigrated?: (migrated: Migrated) => void;
  /** Bytes that are left on the disk of the file. */
  readonly freeBytes?: () => number | undefined;
  /** Opens a file that was moved to a database too. */
  readonly isForMove?: boolean;
}

/**
 * Opens or creates the file, and its folder. Only its owner can read a file that it creates.
 *
 * @param file a path, or `:memory:`
 * @throws NearsideError `store-unavailable`
 * @throws StartError `file-moved`
 */
export function openSqliteRollupStore(
  file: string,
  { freeBytes = () => freeBytesBeside(file), isForMove = false, ...options }: SqliteOptions = {},
): RollupStore {
  let database: Database.Database | undefined;
  try {
    if (file !== ':memory:') createFile(file);
    database = new Database(file, { timeout: BUSY_TIMEOUT_MS });
    if (!isForMove) requireNotMoved(database);
    return createSqliteRollupStore(database, { ...options, freeBytes });
  } catch (cause) {
    database?.close();
    if (cause instanceof StartError) throw cause;
    throw new NearsideError(
      'store-unavailable',
      `${file} cannot be opened as a collector's SQLite file: ${reasonOf(cause)}.`,
      { cause, details: { file } },
    );
  }
}

/** Opens a file for reading alone, beside the process that writes to it. */
export function openSqliteReads(file: string): RollupReads {
  const database = new Database(file, { readonly: true, fileMustExist: true });
  const run = prepareRun(database);
  const read = database.transaction((work: () => Work<unknown>) => run(work()));
  return answerQuestions(async <Value>(work: () => Work<Value>) => read(work) as Value);
}

/** SQLite gives the journals beside a file its mode, so nobody but its owner can read them either. */
function createFile(file: string): void {
  makeFolder(dirname(resolve(file)));
  if (!existsSync(file)) closeSync(openSync(file, 'a', 0o600));
}

/** Node's own `recursive` never returns where the system denies that an existing parent exists, as under /proc. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  try {
    mkdirSync(folder);
  } catch (error) {
    if (!existsSync(folder)) throw error; // another process may have made it
  }
}

/** Makes the store over an open connection, which it then owns. */
export function createSqliteRollupStore(
  database: Database.Database,
  { freeBytes = () => undefined, ...options }: SqliteOptions = {},
): RollupStore {
  const migrated = ensureSchema(database, freeBytes);
  if (migrated) options.onMigrated?.(migrated);
  configure(database);
  const owner = takeOwnership(database, Date.now);
  const writer = openWriter(database, owner, options);
  const run = prepareRun(database);
  const transact = database.transaction((work: () => Work<unknown>) => {
    owner.check();
    return run(work());
  });
  let isClosed = false;

  function write<Value>(work: () => Work<Value>): Promise<Value> {
    return attempt(() => transact.immediate(work) as Value);
  }

  function settle(): Promise<void> {
    return attempt(() => writer.settle());
  }

  /** A file that cannot be written can still be read. */
  async function read<Value>(work: () => Work<Value>): Promise<Value> {
    await settle().catch(() => {});
    return attempt(() => run(work()));
  }

  return {
    add: (batch) => {
      return attempt(() => {
        if (batch.length > 0) requireRoom(freeBytes());
        return writer.add(batch);
      });
    },
    addTraces: async (given, nowMs) => {
      await attempt(() => requireRoom(freeBytes()));
      return write(() => writeTraces(given, nowMs));
    },
    traces: (query) => attempt(() => run(readTraces(query))),
    keepFacts: (facts, nowMs) => write(() => writeFacts(facts, nowMs)),
    facts: () => attempt(() => run(readFacts())),
    addLook: (entries, atMs) => write(() => writeLook(entries, atMs)),
    unsentFindings: (limit) => attempt(() => run(readUnsentFindings(limit))),
    noteSent: async (n) => void (await write(() => writeSent(n))),
    isKeeper: async () => true,
    names: () => read(readNames),
    settle,
    freeBytes: () => attempt(freeBytes),
    ...answerQuestions(read),
    prune: async (nowMs) => {
      const turn = () => new Promise<boolean>((next) => setImmediate(() => next(!isClosed)));
      await forgetOld(nowMs, { slice: write, turn, forgetSeen });
      await attempt(() => giveBackPages(database, turn));
    },
    close: async () => {
      if (isClosed) return;
      isClosed = true;
      await settle().catch(() => {});
      await attempt(() => {
        owner.release();
        database.close();
      });
    },
  };
}

/** A file whose log cannot be counted is left to whoever comes next. */
function openWriter(
  database: Database.Database,
  owner: Ownership,
  options: SetAsideOptions,
): LogWriter {
  try {
    return new LogWriter(database, owner, options);
  } catch (error) {
    owner.release();
    throw error;
  }
}

/**
 * WAL lets others read while reports arrive. `synchronous = FULL`, because a device deletes its copy on a 204, and an
 * acknowledged report must survive a power cut.
 */
function configure(database: Database.Database): void {
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.pragma('foreign_keys = ON');
}

function forgetSeen(today: number, limit: number): Work<number> {
  return change(
    `
    DELETE FROM seen WHERE (day, id) IN (
      SELECT day, id FROM seen WHERE arrived < @before LIMIT @limit)`,
    { before: today - RETENTION.seenDays, limit },
  );
}

/** One slice gives back so many freed pages. */
const PAGES_OF_SLICE = 200;

async function giveBackPages(
  database: Database.Database,
  turn: () => Promise<boolean>,
): Promise<void> {
  while (database.pragma('freelist_count', { simple: true }) !== 0) {
    const before = database.pragma('page_count', { simple: true });
    database.pragma(`incremental_vacuum(${PAGES_OF_SLICE})`);
    // some files give nothing back, such as one in memory
    if (database.pragma('page_count', { simple: true }) === before) return;
    if (!(await turn())) return;
  }
}
