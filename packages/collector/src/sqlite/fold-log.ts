import type Database from 'better-sqlite3';
import { lifetimeCounts } from '../counting/counts.js';
import { NewNames } from '../store/new-names.js';
import type { Pending } from '../store/pending.js';
import { CELL_LENGTHS } from '../store/rollup-store.js';
import {
  prepareAddCell,
  prepareAddCohort,
  prepareAddLifetime,
  prepareAddSegment,
} from './counts-rows.js';
import { prepareRowIds } from './row-ids.js';

/**
 * Prepares the transaction that adds pending counts to their rows and deletes the rows of the log that they are of. Both
 * are done or neither, so nothing is lost and nothing is added twice.
 *
 * @returns adds the counts of the log's rows up to the given one
 */
export function prepareFold(
  database: Database.Database,
  checkOwner: () => void,
): (pending: Pending, upTo?: number) => void {
  const ids = prepareRowIds(database);
  const names = new NewNames();
  const writeName = database.prepare(`
    INSERT INTO name (kind, model, name, day) VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET day = max(day, excluded.day)`);
  const addCells = CELL_LENGTHS.map(({ ms }) => prepareAddCell(database, ms));
  const addCohort = prepareAddCohort(database);
  const addSegment = prepareAddSegment(database);
  const addLifetime = prepareAddLifetime(database);
  const deleteRows = database.prepare('DELETE FROM log WHERE n <= ?');

  const fold = database.transaction((pending: Pending, upTo: number) => {
    checkOwner();
    // all sums are made before any is written, because writing a row changes the counts that are added to it
    const levels = pending.cellsByLength();
    for (const { kind, model, name, day } of names.in(pending))
      writeName.run(kind, model, name, day);
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
    deleteRows.run(upTo);
  });

  return (pending, upTo = Number.MAX_SAFE_INTEGER) => {
    if (pending.isEmpty) return;
    try {
      fold.immediate(pending, upTo);
    } catch (error) {
      // the transaction was undone, and with it the ids and names that it made
      ids.forget();
      names.forget();
      throw error;
    }
    pending.clear();
  };
}
