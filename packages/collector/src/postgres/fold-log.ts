import type { Contribution } from '../counting/contribution.js';
import { lifetimeCounts } from '../counting/counts.js';
import type { KnownName, NameKind } from '../counting/known-names.js';
import { createNames, type Names } from '../counting/names.js';
import { withinNames } from '../counting/within-names.js';
import { readFacts } from '../store/facts-row.js';
import {
  addToCell,
  addToCounts,
  addToJson,
  type CellRow,
  type CountsRow,
} from '../store/kept-rows.js';
import { NewNames } from '../store/new-names.js';
import { Pending, type PendingCell } from '../store/pending.js';
import { readNames } from '../store/questions.js';
import { CELL_LENGTHS } from '../store/rollup-store.js';
import type { Work } from '../store/statements.js';
import { cellTable } from '../store/tables.js';
import {
  isOfTheRow,
  type SetAsideOptions,
  setRowAside,
  takeBackRows,
} from '../store/unreadable-rows.js';
import { addToRows, type SumTable } from './bulk-rows.js';
import { RowIds } from './row-ids.js';
import { requireWriter } from './schema.js';
import type { Session } from './session.js';

const BATCH = Object.freeze({
  /** So many rows of the log are folded at first. Each holds up to 256 reports. Then it is as many as fit the time. */
  rows: 4,
  mostRows: 32,
  /** The database takes the lock from a keeper that is silent for long, as one is that adds up reports. */
  aimMs: 1000,
});

const CELLS: readonly SumTable[] = CELL_LENGTHS.map(({ ms }) => ({
  name: cellTable(ms),
  key: ['model', 'start', 'series', 'late'],
  columns: {
    reports: 'float8',
    ok: 'float8',
    failed: 'float8',
    weighted: 'float8',
    devices: 'float8',
    latency: 'bytea',
    counts: 'text',
    histograms: 'bytea',
  },
}));
const COHORT: SumTable = {
  name: 'cohort',
  key: ['model', 'start', 'unit', 'g'],
  columns: { counts: 'text', histograms: 'bytea' },
};
const SEGMENT: SumTable = {
  name: 'segment',
  key: ['model', 'start', 'series'],
  columns: { counts: 'text' },
};
const LIFETIME: SumTable = {
  name: 'lifetime',
  key: ['series'],
  columns: { last: 'bigint', counts: 'text' },
};

interface LogRow {
  readonly n: number;
  readonly contributions: string;
}

export interface FoldOptions extends SetAsideOptions {
  readonly onError: (error: unknown) => void;
  /** Told of each name that was counted with others, though the collector that took it had room for it. */
  readonly onFold?: ((kind: NameKind) => void) | undefined;
}

/** Adds the log to the tables. One keeper has one of these, for as long as it holds the lock. */
export class LogFolder {
  readonly #session: Session;
  readonly #options: FoldOptions;
  #limit: number = BATCH.rows;
  #ids = new RowIds();
  #newNames = new NewNames();
  #names: Names | undefined;
  /** Facts are read again when they were written again. */
  #factsN = 0;
  /** Rows that an earlier keeper set aside are in the log again. */
  #hasTakenBack = false;

  constructor(session: Session, options: FoldOptions) {
    this.#session = session;
    this.#options = options;
  }

  /** Folds all that is in the log now. */
  async fold(): Promise<void> {
    if (!this.#hasTakenBack) await this.#transact(() => takeBackRows(this.#options));
    this.#hasTakenBack = true;
    for (;;) {
      const limit = this.#limit;
      const startedMs = performance.now();
      const rows = await this.#firstRows(limit);
      if (rows.length === 0) return;
      try {
        await this.#foldRows(rows);
        const isQuick = performance.now() - startedMs < BATCH.aimMs;
        this.#limit = isQuick ? Math.min(BATCH.mostRows, limit * 2) : Math.ceil(limit / 2);
        if (rows.length < limit) return;
      } catch (error) {
        // the transaction was undone, and with it the ids and names that it made
        this.#ids = new RowIds();
        this.#newNames.forget();
        this.#limit = 1;
        if (!isOfTheRow(error) || !this.#session.isOpen) throw error;
        const [first, ...others] = rows;
        if (!first || others.length > 0) continue;
        const tell = await this.#transact(() => setRowAside(first.n, error, this.#options));
        tell();
      }
    }
  }

  /** Nobody but the keeper deletes rows. */
  async #firstRows(limit: number): Promise<LogRow[]> {
    const text = 'SELECT n, contributions FROM log ORDER BY n LIMIT $1';
    return (await this.#session.query(text, [limit])).rows;
  }

  /** Adds rows of the log to the tables and deletes them, in one transaction. */
  #foldRows(rows: readonly LogRow[]): Promise<void> {
    const session = this.#session;
    return session.transact(async () => {
      await requireWriter(session);
      const names = await this.#namesNow();
      const pending = new Pending();
      for (const { contributions } of rows) {
        for (const one of JSON.parse(contributions) as Contribution[]) {
          pending.add(withinNames(one, names));
        }
      }
      await this.#write(pending);
      await session.query('DELETE FROM log WHERE n = ANY ($1)', [rows.map(({ n }) => n)]);
    });
  }

  /** The limits of names hold for all collectors together. */
  async #namesNow(): Promise<Names> {
    const session = this.#session;
    this.#names ??= createNames(await session.run(readNames()), {
      onFold: this.#options.onFold,
    });
    const { rows } = await session.query('SELECT n FROM facts');
    const n = rows[0]?.n ?? 0;
    if (n !== this.#factsN) this.#names.useFacts(await session.run(readFacts()));
    this.#factsN = n;
    return this.#names;
  }

  async #write(pending: Pending): Promise<void> {
    const session = this.#session;
    const ids = this.#ids;
    // all sums are made before any is written, because writing a row changes the counts that are added to it
    const levels = pending.cellsByLength();
    await this.#writeNames(pending);
    await ids.make(session, {
      series: [...pending.cells.values()].map(({ series }) => series),
      units: [...pending.cohorts.values()].map(({ unit }) => unit),
    });
    await this.#addToLifetimes(levels.at(-1) ?? []);
    for (const [i, cells] of levels.entries()) {
      const lengthMs = CELL_LENGTHS[i]?.ms ?? 0;
      await addToRows(
        session,
        CELLS[i] as SumTable,
        cells.map(({ series, startMs, late, counts }) => ({
          key: [ids.model(series.model), startMs, ids.series(series), Number(late)],
          addTo: (found: CellRow | undefined) => addToCell(found, counts, lengthMs),
        })),
      );
    }
    await addToRows(
      session,
      COHORT,
      [...pending.cohorts.values()].map(({ unit, hourMs, cohort, counts }) => ({
        key: [ids.model(unit.model), hourMs, ids.unit(unit), cohort],
        addTo: (found: CountsRow | undefined) => addToCounts(found, counts),
      })),
    );
    await addToRows(
      session,
      SEGMENT,
      [...pending.segments.values()].map(({ series, hourMs, counts }) => ({
        key: [ids.model(series.model), hourMs, ids.series(series)],
        addTo: (found: { counts: string } | undefined) => [addToJson(found?.counts, counts)],
      })),
    );
  }

  async #writeNames(pending: Pending): Promise<void> {
    const names = new Map<string, KnownName>();
    for (const one of this.#newNames.in(pending))
      names.set(`${one.kind} ${one.model} ${one.name}`, one);
    if (names.size === 0) return;
    const all = [...names.values()];
    await this.#session.query(
      `INSERT INTO name (kind, model, name, day)
       SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[])
       ON CONFLICT (kind, model, name) DO UPDATE SET day = greatest(name.day, excluded.day)`,
      [
        all.map(({ kind }) => kind),
        all.map(({ model }) => model),
        all.map(({ name }) => name),
        all.map(({ day }) => day),
      ],
    );
  }

  /** @param cells of the longest length, of which a series may have several */
  async #addToLifetimes(cells: readonly PendingCell[]): Promise<void> {
    const ofSeries = new Map<number, PendingCell[]>();
    for (const cell of cells) {
      const id = this.#ids.series(cell.series);
      ofSeries.set(id, [...(ofSeries.get(id) ?? []), cell]);
    }
    await addToRows(
      this.#session,
      LIFETIME,
      [...ofSeries].map(([id, own]) => ({
        key: [id],
        addTo: (found: { last: number; counts: string } | undefined) => {
          let json = found?.counts;
          for (const { counts, late } of own) json = addToJson(json, lifetimeCounts(counts, late));
          const lastMs = Math.max(found?.last ?? 0, ...own.map(({ startMs }) => startMs));
          return [lastMs, json ?? '{}'];
        },
      })),
    );
  }

  #transact<Value>(work: () => Work<Value>): Promise<Value> {
    return this.#session.transact(() => this.#session.run(work()));
  }
}
