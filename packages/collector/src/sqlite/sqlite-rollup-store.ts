import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { NearsideError } from '@nearside/core';
import Database from 'better-sqlite3';
import type { KnownName } from '../counting/known-names.js';
import { freeBytesBeside, requireRoom } from '../store/disk-room.js';
import type { RollupReads, RollupStore } from '../store/rollup-store.js';
import { prepareFindings } from './finding-rows.js';
import { LogWriter } from './log-writer.js';
import { takeOwnership } from './owner.js';
import { prepareReads } from './reads.js';
import { prepareReleases } from './release-rows.js';
import { prepareRetention } from './retention.js';
import { ensureSchema } from './schema.js';
import { prepareTraces } from './trace-rows.js';
import { type MovedAside, moveAsideUnreleased } from './unreleased-schema.js';

/** A write waits so long for another process that holds the file. Nobody is answered meanwhile, so it then fails. */
const BUSY_TIMEOUT_MS = 250;

export interface SqliteOptions {
  /** Told when a file whose schema was never released was renamed, and a new one begun. */
  readonly onMovedAside?: (moved: MovedAside) => void;
  /** Bytes that are left on the disk of the file. */
  readonly freeBytes?: () => number | undefined;
}

/**
 * Opens or creates the file, and its folder. Only its owner can read a file that it creates.
 *
 * @param file a path, or `:memory:`
 * @throws NearsideError `store-unavailable`
 */
export function openSqliteRollupStore(
  file: string,
  { onMovedAside = () => {}, freeBytes = () => freeBytesBeside(file) }: SqliteOptions = {},
): RollupStore {
  let database: Database.Database | undefined;
  try {
    const moved = moveAsideUnreleased(file);
    if (moved) onMovedAside(moved);
    if (file !== ':memory:') createFile(file);
    database = new Database(file, { timeout: BUSY_TIMEOUT_MS });
    return createSqliteRollupStore(database, freeBytes);
  } catch (cause) {
    database?.close();
    throw new NearsideError(
      'store-unavailable',
      `Expected a collector's SQLite file, or a path where one can be made, at ${file}: ${reasonOf(cause)}.`,
      { cause, details: { file } },
    );
  }
}

/** Opens a file for reading alone, beside the process that writes to it. */
export function openSqliteReads(file: string): RollupReads {
  const database = new Database(file, { readonly: true, fileMustExist: true });
  return prepareReads(database, async (work) => work());
}

/** SQLite gives the journals beside a file its mode, so nobody but its owner can read them either. */
function createFile(file: string): void {
  mkdirSync(dirname(resolve(file)), { recursive: true });
  if (!existsSync(file)) closeSync(openSync(file, 'a', 0o600));
}

/** Makes the store over an open connection, which it then owns. */
export function createSqliteRollupStore(
  database: Database.Database,
  freeBytes: () => number | undefined = () => undefined,
): RollupStore {
  ensureSchema(database);
  configure(database);
  const owner = takeOwnership(database, Date.now);
  const writer = new LogWriter(database, owner);
  const traces = prepareTraces(database, owner.check);
  const releases = prepareReleases(database, owner.check);
  const findings = prepareFindings(database, owner.check);
  const forget = prepareRetention(database, {
    checkOwner: owner.check,
    forgetTraces: traces.forget,
    forgetReleases: releases.forget,
    forgetFindings: findings.forget,
  });
  let isClosed = false;

  function settle(): Promise<void> {
    return attempt(() => writer.settle());
  }

  /** A file that cannot be written can still be read. */
  async function read<Value>(work: () => Value): Promise<Value> {
    await settle().catch(() => {});
    return attempt(work);
  }

  return {
    add: (batch) => {
      return attempt(() => {
        if (batch.length > 0) requireRoom(freeBytes());
        return writer.add(batch);
      });
    },
    addTraces: (given, nowMs) => {
      return attempt(() => {
        requireRoom(freeBytes());
        traces.add(given, nowMs);
      });
    },
    traces: (query) => attempt(() => traces.recent(query)),
    addReleases: (states, nowMs) => attempt(() => releases.add(states, nowMs)),
    addLook: (entries, atMs) => attempt(() => findings.addLook(entries, atMs)),
    unsentFindings: (limit) => attempt(() => findings.unsent(limit)),
    noteSent: (n) => attempt(() => findings.noteSent(n)),
    names: () => read(() => readNames(database)),
    settle,
    freeBytes: () => attempt(freeBytes),
    ...prepareReads(database, read),
    prune: async (nowMs) => {
      const turn = () => new Promise<boolean>((next) => setImmediate(() => next(!isClosed)));
      return forget(nowMs, turn).catch(fail);
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

/**
 * WAL lets others read while reports arrive. `synchronous = FULL`, because a device deletes its copy on a 204, and an
 * acknowledged report must survive a power cut.
 */
function configure(database: Database.Database): void {
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.pragma('foreign_keys = ON');
}

function readNames(database: Database.Database): KnownName[] {
  return database.prepare('SELECT kind, model, name, day FROM name').all() as KnownName[];
}

/** A full disk, a locked file and a closed connection have one code. */
async function attempt<Value>(work: () => Value): Promise<Value> {
  try {
    return work();
  } catch (cause) {
    return fail(cause);
  }
}

function fail(cause: unknown): never {
  throw new NearsideError('store-unavailable', `The store failed: ${reasonOf(cause)}.`, {
    cause,
    retryable: !isOfTheData(cause),
  });
}

/** The data is wrong and not the file, so the same write fails again. */
function isOfTheData(cause: unknown): boolean {
  const { code } = cause as { code?: string };
  const isRefused = /^SQLITE_(?:CONSTRAINT|MISMATCH|RANGE|TOOBIG)/.test(code ?? '');
  return isRefused || cause instanceof RangeError;
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
