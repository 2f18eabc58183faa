import type Database from 'better-sqlite3';
import type { Unit } from '../counting/known-names.js';
import { addByDay, daysOf, hoursBeside } from '../store/cohort-days.js';
import { type CountsRow, countsOf } from '../store/kept-rows.js';
import type { CohortQuery, CohortRow } from '../store/rollup-store.js';
import type { CohortTable } from './counts-rows.js';

interface CohortColumns extends Omit<Unit, 'model'>, CountsRow {
  readonly start: number;
  readonly g: number;
}

export function prepareCohorts(database: Database.Database): (query: CohortQuery) => CohortRow[] {
  const rows = prepareRows(database, 'cohort');
  return (query) => [...rows(query)];
}

/** Reads the kept days, and makes the others from their hours, of one moment. */
export function prepareCohortDays(
  database: Database.Database,
): (query: CohortQuery) => CohortRow[] {
  const hours = prepareRows(database, 'cohort');
  const days = prepareRows(database, 'cohort_day');
  return database.transaction((query: CohortQuery) => {
    const sums = new Map<string, CohortRow>();
    addByDay(sums, days(daysOf(query)));
    addByDay(sums, hours(hoursBeside(sums.values(), query)));
    return [...sums.values()];
  });
}

function prepareRows(
  database: Database.Database,
  table: CohortTable,
): (query: CohortQuery) => Generator<CohortRow> {
  const rows = database.prepare(`
    SELECT u.version, u.assigned, u.arm, u.experiment, c.start, c.g, c.counts, c.histograms
    FROM ${table} c JOIN unit u ON u.id = c.unit
    WHERE c.model = (SELECT id FROM model WHERE name = @model)
      AND c.start >= @fromMs AND c.start < @toMs
      AND u.version = coalesce(@version, u.version)
      AND u.experiment = coalesce(@experiment, u.experiment)
    ORDER BY c.start`);
  return function* ({ version = null, experiment = null, ...query }) {
    const found = rows.iterate({ ...query, version, experiment });
    for (const { start, g, counts, histograms, ...unit } of found as Iterable<CohortColumns>) {
      yield {
        unit: { model: query.model, ...unit },
        hourMs: start,
        cohort: g,
        counts: countsOf({ counts, histograms }),
      };
    }
  };
}
