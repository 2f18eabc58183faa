import type Database from 'better-sqlite3';
import type { Counts, LifetimeCounts, SegmentCounts } from '../counting/counts.js';
import {
  addToCell,
  addToCounts,
  addToJson,
  type CellRow,
  type CountsRow,
} from '../store/kept-rows.js';
import { CELL_COLUMNS, cellTable } from '../store/tables.js';

type Key = readonly number[];

/** Adds counts to the cell of a key: model, start, series, late. The caller must not use `counts` again. */
export function prepareAddCell(
  database: Database.Database,
  lengthMs: number,
): (key: Key, counts: Counts) => void {
  const table = cellTable(lengthMs);
  const find = database.prepare(`
    SELECT ${CELL_COLUMNS.join(', ')} FROM ${table} WHERE model = ? AND start = ? AND series = ? AND late = ?`);
  const replace = database.prepare(
    `REPLACE INTO ${table} VALUES (${Array(12).fill('?').join(', ')})`,
  );
  return (key, counts) => {
    const found = find.get(...key) as CellRow | undefined;
    replace.run(...key, ...addToCell(found, counts, lengthMs));
  };
}

/** Adds counts to the row of a key: model, start, unit, cohort. The caller must not use `counts` again. */
export function prepareAddCohort(database: Database.Database): (key: Key, counts: Counts) => void {
  const find = database.prepare(`
    SELECT counts, histograms FROM cohort WHERE model = ? AND start = ? AND unit = ? AND g = ?`);
  const replace = database.prepare('REPLACE INTO cohort VALUES (?, ?, ?, ?, ?, ?)');
  return (key, counts) => {
    const found = find.get(...key) as CountsRow | undefined;
    replace.run(...key, ...addToCounts(found, counts));
  };
}

/** Adds counts to the row of a key: model, start, series. */
export function prepareAddSegment(
  database: Database.Database,
): (key: Key, counts: SegmentCounts) => void {
  const find = database
    .prepare('SELECT counts FROM segment WHERE model = ? AND start = ? AND series = ?')
    .pluck();
  const replace = database.prepare('REPLACE INTO segment VALUES (?, ?, ?, ?)');
  return (key, counts) => {
    replace.run(...key, addToJson(find.get(...key) as string | undefined, counts));
  };
}

/** Adds counts to all that was ever counted of a series. */
export function prepareAddLifetime(
  database: Database.Database,
): (series: number, lastMs: number, counts: LifetimeCounts) => void {
  const find = database.prepare('SELECT counts FROM lifetime WHERE series = ?').pluck();
  const replace = database.prepare(`
    INSERT INTO lifetime (series, last, counts) VALUES (?, ?, ?)
    ON CONFLICT DO UPDATE SET last = max(last, excluded.last), counts = excluded.counts`);
  return (series, lastMs, counts) => {
    replace.run(series, lastMs, addToJson(find.get(series) as string | undefined, counts));
  };
}
