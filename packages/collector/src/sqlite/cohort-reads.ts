import type Database from 'better-sqlite3';
import { addCounts } from '../counting/counts.js';
import type { Unit } from '../counting/known-names.js';
import { DAY_MS, utcDay } from '../counting/time.js';
import type { CohortQuery, CohortRow } from '../store/rollup-store.js';
import { type CohortTable, cohortRowCounts } from './counts-rows.js';

interface CohortColumns extends Omit<Unit, 'model'> {
  readonly start: number;
  readonly g: number;
  readonly counts: string;
  readonly histograms: Uint8Array;
}

export function prepareCohorts(database: Database.Database): (query: CohortQuery) => CohortRow[] {
  const rows = prepareRows(database, 'cohort');
  return (query) => [...rows(query)];
}

/** Reads the kept days, and makes the others from their hours. A day that is being moved is counted once. */
export function prepareCohortDays(
  database: Database.Database,
): (query: CohortQuery) => CohortRow[] {
  const hours = prepareRows(database, 'cohort');
  const days = prepareRows(database, 'cohort_day');
  return database.transaction((query: CohortQuery) => {
    const { fromMs, toMs } = query;
    const sums = new Map<string, CohortRow>();
    const moved = new Set<number>();
    for (const row of days({ ...query, fromMs: startOfDay(fromMs) })) {
      moved.add(row.hourMs);
      addRow(sums, row);
    }
    // a day that is being moved is read with all hours that are left
    const last = startOfDay(toMs - 1);
    const range = {
      fromMs: moved.has(startOfDay(fromMs)) ? startOfDay(fromMs) : fromMs,
      toMs: moved.has(last) ? last + DAY_MS : toMs,
    };
    for (const row of hours({ ...query, ...range })) addRow(sums, row);
    return [...sums.values()];
  });
}

function startOfDay(timeMs: number): number {
  return utcDay(timeMs) * DAY_MS;
}

function addRow(sums: Map<string, CohortRow>, row: CohortRow): void {
  const key = `${utcDay(row.hourMs)} ${row.cohort} ${Object.values(row.unit).join(' ')}`;
  const found = sums.get(key);
  if (found) addCounts(found.counts, row.counts);
  else sums.set(key, row);
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
        counts: cohortRowCounts({ counts, histograms }),
      };
    }
  };
}
