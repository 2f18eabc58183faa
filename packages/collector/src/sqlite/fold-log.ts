import type Database from 'better-sqlite3';
import { addCounts, type Counts, type LifetimeCounts, lifetimeCounts } from '../counting/counts.js';
import type { NameKind, Unit } from '../counting/known-names.js';
import { CELL_LENGTHS } from '../counting/rollup-store.js';
import { addSums, type Sums } from '../counting/sums.js';
import { prepareAddCell, prepareAddCohort, prepareAddSegment } from './counts-rows.js';
import type { Pending, PendingCell } from './pending.js';
import { prepareRowIds } from './row-ids.js';
import { cellTable } from './schema.js';

/**
 * Prepares the transaction that adds pending counts to their rows and empties the log. Both are done or neither, so
 * nothing is lost and nothing is added twice.
 */
export function prepareFold(
  database: Database.Database,
  checkOwner: () => void,
): (pending: Pending) => void {
  const ids = prepareRowIds(database);
  const addName = prepareNames(database);
  const addCells = CELL_LENGTHS.map(({ ms }) => prepareAddCell(database, cellTable(ms)));
  const addCohort = prepareAddCohort(database, 'cohort');
  const addSegment = prepareAddSegment(database);
  const addLifetime = prepareLifetime(database);
  const emptyLog = database.prepare('DELETE FROM log');

  const fold = database.transaction((pending: Pending) => {
    checkOwner();
    // all sums are made before any is written, because writing a row changes the counts that are added to it
    const levels = byLength([...pending.cells.values()]);
    for (const cell of levels[0] ?? []) addNamesOfCell(cell, addName);
    for (const { series, late, startMs, counts } of levels.at(-1) ?? []) {
      addLifetime(ids.series(series), startMs, lifetimeCounts(counts, late));
    }
    for (const [i, cells] of levels.entries()) {
      for (const { series, startMs, late, counts } of cells) {
        const key = [ids.model(series.model), startMs, ids.series(series), Number(late)];
        addCells[i]?.(key, counts);
      }
    }
    for (const { unit, hourMs, cohort, counts } of pending.cohorts.values()) {
      addNamesOfCohort(unit, counts, addName);
      addCohort([ids.model(unit.model), hourMs, ids.unit(unit), cohort], counts);
    }
    for (const { series, hourMs, counts } of pending.segments.values()) {
      addSegment([ids.model(series.model), hourMs, ids.series(series)], counts);
    }
    emptyLog.run();
  });

  return (pending) => {
    if (pending.isEmpty) return;
    try {
      fold.immediate(pending);
    } catch (error) {
      // the transaction was undone, and with it the ids and names that it made
      ids.forget();
      addName.forget();
      throw error;
    }
    pending.clear();
  };
}

/** Returns the pending cells of each length. Each length has sums of its own. */
function byLength(finest: readonly PendingCell[]): (readonly PendingCell[])[] {
  const levels: (readonly PendingCell[])[] = [finest];
  for (const { ms } of CELL_LENGTHS.slice(1)) levels.push(coarser(levels.at(-1) ?? [], ms));
  return levels;
}

/** Makes cells of one length from those of a shorter one. */
function coarser(cells: readonly PendingCell[], lengthMs: number): PendingCell[] {
  const longer = new Map<string, PendingCell>();
  for (const { series, startMs, late, counts } of cells) {
    const start = startMs - (startMs % lengthMs);
    const key = `${start} ${late} ${Object.values(series).join(' ')}`;
    const cell = longer.get(key) ?? { series, startMs: start, late, counts: {} };
    longer.set(key, cell);
    addCounts(cell.counts, counts);
  }
  return [...longer.values()];
}

function prepareLifetime(
  database: Database.Database,
): (series: number, lastMs: number, counts: LifetimeCounts) => void {
  const find = database.prepare('SELECT counts FROM lifetime WHERE series = ?').pluck();
  const replace = database.prepare(`
    INSERT INTO lifetime (series, last, counts) VALUES (?, ?, ?)
    ON CONFLICT DO UPDATE SET last = max(last, excluded.last), counts = excluded.counts`);
  return (series, lastMs, counts) => {
    const found = find.get(series) as string | undefined;
    const sum = found === undefined ? {} : (JSON.parse(found) as Sums);
    addSums(sum, counts as Sums);
    replace.run(series, lastMs, JSON.stringify(sum));
  };
}

type AddName = ((kind: NameKind, model: string, name: string) => void) & { forget(): void };

function prepareNames(database: Database.Database): AddName {
  const known = new Set<string>();
  const insert = database.prepare(
    'INSERT INTO name (kind, model, name) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
  );
  const add = (kind: NameKind, model: string, name: string) => {
    const key = `${kind} ${model} ${name}`;
    if (known.has(key)) return;
    insert.run(kind, model, name);
    known.add(key);
  };
  return Object.assign(add, { forget: () => known.clear() });
}

function addNamesOfCell({ series: { model }, counts }: PendingCell, addName: AddName): void {
  for (const name of Object.keys(counts.apps ?? {})) addName('app', model, name);
  for (const name of Object.keys(counts.libraries ?? {})) addName('library', model, name);
  for (const name of Object.keys(counts.assigned ?? {})) addName('version', model, name);
  for (const key of Object.keys(counts.quarantines ?? {})) {
    addName('variant', model, key.split(' ')[1] ?? '');
  }
}

function addNamesOfCohort({ model, version }: Unit, counts: Counts, addName: AddName): void {
  const { outcomes = {}, updates = {}, shadow = {}, parts = {} } = counts;
  for (const name of Object.keys(outcomes)) addName('outcome', model, name);
  for (const name of Object.keys(updates)) addName('version', model, name);
  for (const name of Object.keys(shadow)) addName('version', model, name);
  for (const { drift = {} } of Object.values(parts)) {
    for (const name of Object.keys(drift)) addName('baseline', `${model} ${version}`, name);
  }
}
