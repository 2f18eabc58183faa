import type Database from 'better-sqlite3';
import { addCounts, type LifetimeCounts, lifetimeCounts } from '../counting/counts.js';
import { OTHER } from '../counting/known-codes.js';
import { type KnownName, type NameKind, seriesName, unitName } from '../counting/known-names.js';
import { standsForOthers } from '../counting/name-rows.js';
import { addSums, type Sums } from '../counting/sums.js';
import { CELL_LENGTHS } from '../store/rollup-store.js';
import { prepareAddCell, prepareAddCohort, prepareAddSegment } from './counts-rows.js';
import type { Pending, PendingCell, PendingCohort } from './pending.js';
import { prepareRowIds } from './row-ids.js';

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
  const addCells = CELL_LENGTHS.map(({ ms }) => prepareAddCell(database, ms));
  const addCohort = prepareAddCohort(database, 'cohort');
  const addSegment = prepareAddSegment(database);
  const addLifetime = prepareLifetime(database);
  const emptyLog = database.prepare('DELETE FROM log');

  const fold = database.transaction((pending: Pending) => {
    checkOwner();
    // all sums are made before any is written, because writing a row changes the counts that are added to it
    const levels = byLength([...pending.cells.values()]);
    for (const cell of pending.cells.values()) for (const name of namesOfCell(cell)) addName(name);
    for (const row of pending.cohorts.values())
      for (const name of namesOfCohort(row)) addName(name);
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
  for (const { series, startMs, late, counts, day } of cells) {
    const start = startMs - (startMs % lengthMs);
    const key = `${start} ${late} ${seriesName(series)}`;
    const cell = longer.get(key) ?? { series, startMs: start, late, counts: {}, day };
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

type AddName = ((name: KnownName) => void) & { forget(): void };

function prepareNames(database: Database.Database): AddName {
  const written = new Map<string, number>();
  const write = database.prepare(`
    INSERT INTO name (kind, model, name, day) VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET day = max(day, excluded.day)`);
  const add = ({ kind, model, name, day }: KnownName) => {
    if (standsForOthers(name)) return;
    const key = `${kind} ${model} ${name}`;
    if ((written.get(key) ?? 0) >= day) return;
    write.run(kind, model, name, day);
    written.set(key, day);
  };
  return Object.assign(add, { forget: () => written.clear() });
}

function* namesOfCell({ series, counts, day }: PendingCell): Generator<KnownName> {
  const { model, version, variant, backend, device } = series;
  const named = (kind: NameKind, name: string) => ({ kind, model, name, day });
  yield { kind: 'model', model: '', name: model, day };
  yield named('version', version);
  yield named('variant', variant);
  // a combination without a row of its own has none of these
  if (![variant, backend, device].every((one) => one === OTHER)) {
    yield { kind: 'series', model: '', name: seriesName(series), day };
  }
  for (const name of Object.keys(counts.apps ?? {})) yield named('app', name);
  for (const name of Object.keys(counts.libraries ?? {})) yield named('library', name);
  for (const name of Object.keys(counts.assigned ?? {})) yield named('version', name);
  for (const key of Object.keys(counts.quarantines ?? {})) {
    yield named('variant', key.split(' ')[1] ?? '');
  }
}

function* namesOfCohort({ unit, counts, day }: PendingCohort): Generator<KnownName> {
  const { model, version, assigned, experiment } = unit;
  const named = (kind: NameKind, name: string) => ({ kind, model, name, day });
  yield { kind: 'unit', model: '', name: unitName(unit), day };
  yield named('version', assigned);
  yield named('experiment', experiment);
  const { outcomes = {}, updates = {}, shadow = {}, parts = {} } = counts;
  for (const name of Object.keys(outcomes)) yield named('outcome', name);
  for (const name of Object.keys(updates)) yield named('version', name);
  for (const name of Object.keys(shadow)) yield named('version', name);
  for (const { drift = {} } of Object.values(parts)) {
    for (const name of Object.keys(drift)) {
      yield { kind: 'baseline', model: `${model} ${version}`, name, day };
    }
  }
}
