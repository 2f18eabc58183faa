import type Database from 'better-sqlite3';
import { addCounts, type Counts } from '../counting/counts.js';
import { RETENTION } from '../counting/retention.js';
import { DAY_MS, HOUR_MS, utcDay } from '../counting/time.js';
import { type CountsRow, countsOf } from '../store/kept-rows.js';
import { CELL_LENGTHS } from '../store/rollup-store.js';
import { prepareAddCohort } from './counts-rows.js';
import { cellTable } from './schema.js';

const SLICE = Object.freeze({
  /** The first slice has so many rows. The next ones have as many as fit the time. */
  rows: 200,
  /** The first slice of hours that move to their days has so many days. */
  days: 4,
  aimMs: 15,
  maxRows: 5000,
  /** One slice gives back so many freed pages. */
  pages: 200,
});

/** Forgets rows that are past their time. Between slices, others have their turn. */
export function prepareRetention(
  database: Database.Database,
  {
    checkOwner,
    forgetTraces,
    forgetReleases,
    forgetFindings,
  }: {
    readonly checkOwner: () => void;
    readonly forgetTraces: (nowMs: number, rows: number) => number;
    readonly forgetReleases: (nowMs: number, rows: number) => number;
    readonly forgetFindings: (nowMs: number, rows: number) => number;
  },
): (nowMs: number, turn: () => Promise<boolean>) => Promise<void> {
  const forgetSeen = database.prepare(`
    DELETE FROM seen WHERE (day, id) IN (SELECT day, id FROM seen WHERE arrived < ? LIMIT ?)`);
  const forgetNames = database.prepare(`
    DELETE FROM name WHERE (kind, model, name) IN (
      SELECT kind, model, name FROM name WHERE day < ? LIMIT ?)`);
  const models = database.prepare('SELECT id FROM model').pluck();
  const forgetCells = CELL_LENGTHS.map(({ ms, days }) => ({
    days,
    forget: prepareForget(database, cellTable(ms), 'model, start, series, late'),
  }));
  const forgetSegments = prepareForget(database, 'segment', 'model, start, series');
  const moveCohorts = prepareMoveCohorts(database);
  const forgetCohortDays = prepareForget(database, 'cohort_day', 'model, start, unit, g');
  const slice = database.transaction((work: () => number) => {
    checkOwner();
    return work();
  });

  /** @param turn resolves when others had theirs: with true to go on */
  return async (nowMs, turn) => {
    const today = utcDay(nowMs);

    async function inSlices(
      forget: (rows: number) => number,
      firstRows: number = SLICE.rows,
    ): Promise<void> {
      let rows = firstRows;
      for (;;) {
        const startedMs = performance.now();
        const changes = slice.immediate(() => forget(rows));
        if (changes < rows) return;
        const tookMs = performance.now() - startedMs;
        rows = Math.ceil(Math.min(SLICE.maxRows, rows * 2, (rows * SLICE.aimMs) / tookMs));
        if (!(await turn())) return;
      }
    }

    await inSlices((rows) => forgetSeen.run(today - RETENTION.seenDays, rows).changes);
    await inSlices((rows) => forgetTraces(nowMs, rows));
    await inSlices((rows) => forgetReleases(nowMs, rows));
    await inSlices((rows) => forgetFindings(nowMs, rows));
    for (const model of models.all() as number[]) {
      for (const { days, forget } of forgetCells) {
        await inSlices((rows) => forget(model, (today - days) * DAY_MS, rows));
      }
      const hoursMs = (today - RETENTION.cohortDays) * DAY_MS;
      await inSlices((rows) => forgetSegments(model, hoursMs, rows));
      await inSlices((rows) => moveCohorts(model, hoursMs, rows), SLICE.days);
      const daysMs = (today - RETENTION.cohortDayDays) * DAY_MS;
      await inSlices((rows) => forgetCohortDays(model, daysMs, rows));
    }
    await inSlices((rows) => forgetNames.run(today - RETENTION.hourDays, rows).changes);
    await giveBackPages(database, turn);
  };
}

function prepareForget(
  database: Database.Database,
  table: string,
  key: string,
): (model: number, beforeMs: number, rows: number) => number {
  const forget = database.prepare(`
    DELETE FROM ${table} WHERE (${key}) IN (
      SELECT ${key} FROM ${table} WHERE model = ? AND start < ? LIMIT ?)`);
  return (model, beforeMs, rows) => forget.run(model, beforeMs, rows).changes;
}

/**
 * Adds hours to their UTC day and forgets them, in one transaction. Each hour is in one place, whenever the process
 * ends. All hours of a day, unit and cohort are moved at once, so that the day's row is written once.
 */
function prepareMoveCohorts(
  database: Database.Database,
): (model: number, beforeMs: number, rows: number) => number {
  const oldest = database.prepare(`
    SELECT start - start % ${DAY_MS} AS dayMs, unit, g FROM cohort
    WHERE model = ? AND start < ? ORDER BY start, unit, g LIMIT ?`);
  const hours = Array.from({ length: 24 }, (_, hour) => `@dayMs + ${hour * HOUR_MS}`);
  const ofDay = `model = @model AND start IN (${hours.join(', ')}) AND unit = @unit AND g = @g`;
  const find = database.prepare(`SELECT counts, histograms FROM cohort WHERE ${ofDay}`);
  const forget = database.prepare(`DELETE FROM cohort WHERE ${ofDay}`);
  const addToDay = prepareAddCohort(database, 'cohort_day');
  return (model, beforeMs, rows) => {
    const found = oldest.all(model, beforeMs, rows) as { dayMs: number; unit: number; g: number }[];
    for (const { dayMs, unit, g } of found) {
      const key = { model, dayMs, unit, g };
      const counts: Counts = {};
      for (const row of find.all(key) as CountsRow[]) addCounts(counts, countsOf(row));
      // an hour before in this slice has moved the others with it
      if (forget.run(key).changes > 0) addToDay([model, dayMs, unit, g], counts);
    }
    return found.length;
  };
}

async function giveBackPages(
  database: Database.Database,
  turn: () => Promise<boolean>,
): Promise<void> {
  while (database.pragma('freelist_count', { simple: true }) !== 0) {
    const before = database.pragma('page_count', { simple: true });
    database.pragma(`incremental_vacuum(${SLICE.pages})`);
    // some files give nothing back, such as one in memory
    if (database.pragma('page_count', { simple: true }) === before) return;
    if (!(await turn())) return;
  }
}
