import type Database from 'better-sqlite3';
import type { Contribution } from '../counting/contribution.js';
import { Pending } from '../store/pending.js';
import type { Outcome } from '../store/rollup-store.js';
import type { Work } from '../store/statements.js';
import {
  isOfTheRow,
  type SetAsideOptions,
  setRowAside,
  takeBackRows,
} from '../store/unreadable-rows.js';
import { prepareAppend } from './append-batch.js';
import { prepareFold } from './fold-log.js';
import type { Ownership } from './owner.js';
import { prepareRun } from './run-work.js';

const FOLD = Object.freeze({
  /** So many rows are written at once. More rows are each written less often, and keep others waiting for longer. */
  rows: 1600,
  /** The log is added to the tables after this, at the latest. */
  afterMs: 1000,
});

/**
 * Writes reports to the log at once, and to the tables soon after. Many reports touch the same rows, and each row is
 * then written once. Every method is synchronous, and throws when the file cannot be written.
 */
export class LogWriter {
  readonly #database: Database.Database;
  readonly #append: ReturnType<typeof prepareAppend>;
  readonly #fold: ReturnType<typeof prepareFold>;
  readonly #transact: <Value>(work: () => Work<Value>) => Value;
  readonly #options: SetAsideOptions;
  readonly #pending = new Pending();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The pending counts may not be those of the log: it was not read yet, or a transaction is under way or failed. */
  #isDoubtful = true;

  /** Rows that cannot be counted are set aside, and those that an earlier collector set aside are tried again. */
  constructor(database: Database.Database, owner: Ownership, options: SetAsideOptions) {
    this.#database = database;
    this.#options = options;
    this.#append = prepareAppend(database, owner);
    this.#fold = prepareFold(database, owner.check);
    const run = prepareRun(database);
    const transact = database.transaction((work: () => Work<unknown>) => {
      owner.check();
      return run(work());
    });
    this.#transact = <Value>(work: () => Work<Value>) => transact.immediate(work) as Value;
    this.#transact(() => takeBackRows(options));
    this.settle();
  }

  add(batch: readonly Contribution[]): Outcome[] {
    const pending = this.#pending;
    // nothing more is acknowledged while what was cannot be counted
    if (this.#isDoubtful || pending.rowCount >= 2 * FOLD.rows) this.settle();
    const outcomes = this.#unlessDoubtful(() => {
      const appended = this.#append(batch);
      for (const contribution of appended.counted) pending.add(contribution);
      return appended.outcomes;
    });
    this.#settleWithin(pending.rowCount >= FOLD.rows ? 0 : FOLD.afterMs);
    return outcomes;
  }

  /** Adds the log to the tables. */
  settle(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    try {
      this.#unlessDoubtful(() => this.#fold(this.#pending));
    } catch (error) {
      if (!isOfTheRow(error)) throw error;
      this.#foldRowByRow();
    }
  }

  /** What failed may have been done, or in part. Then the next one reads the log again. */
  #unlessDoubtful<Value>(transaction: () => Value): Value {
    if (this.#isDoubtful) this.#readLog();
    this.#isDoubtful = true;
    const value = transaction();
    this.#isDoubtful = false;
    return value;
  }

  #readLog(): void {
    this.#pending.clear();
    for (const row of this.#rows()) addRow(this.#pending, row);
  }

  /** Finds the rows that cannot be counted, and sets them aside. */
  #foldRowByRow(): void {
    for (const row of this.#rows()) {
      try {
        const alone = new Pending();
        addRow(alone, row);
        this.#fold(alone, row.n);
      } catch (error) {
        if (!isOfTheRow(error)) throw error;
        const tell = this.#transact(() => setRowAside(row.n, error, this.#options));
        tell();
      }
    }
    this.#pending.clear();
    this.#isDoubtful = false;
  }

  #rows(): LogRow[] {
    return this.#database.prepare('SELECT n, contributions FROM log ORDER BY n').all() as LogRow[];
  }

  #settleWithin(afterMs: number): void {
    if (this.#timer && afterMs > 0) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      try {
        this.settle();
      } catch {
        // the reports are in the log, and no other is acknowledged before they are in the tables
      }
    }, afterMs).unref();
  }
}

interface LogRow {
  readonly n: number;
  readonly contributions: string;
}

function addRow(pending: Pending, { contributions }: LogRow): void {
  for (const contribution of JSON.parse(contributions) as Contribution[]) pending.add(contribution);
}
