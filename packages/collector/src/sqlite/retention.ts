import type Database from 'better-sqlite3';
import { DAY_MS, utcDay } from '../days.js';
import { CELL_LENGTHS, RETENTION } from '../rollup-store.js';
import { cellTable } from './schema.js';

const SLICE = Object.freeze({
  /** Rows, at first; then as many as take this long. */
  rows: 200,
  aimMs: 15,
  maxRows: 5000,
  /** Freed pages that one slice gives back. */
  pages: 200,
});

/** Forgets what is past its time. Between slices, others have their turn. */
export function prepareRetention(
  database: Database.Database,
  {
    checkOwner,
    forgetTraces,
  }: {
    readonly checkOwner: () => void;
    readonly forgetTraces: (nowMs: number, rows: number) => number;
  },
): (nowMs: number, turn: () => Promise<boolean>) => Promise<void> {
  const forgetSeen = database.prepare(`
    DELETE FROM seen WHERE (day, id) IN (SELECT day, id FROM seen WHERE arrived < ? LIMIT ?)`);
  const models = database.prepare('SELECT id FROM model').pluck();
  const forgetCells = CELL_LENGTHS.map(({ ms, days }) => ({
    days,
    forget: prepareForget(database, cellTable(ms), 'model, start, series, late'),
  }));
  const forgetByHour = [
    prepareForget(database, 'cohort', 'model, start, unit, g'),
    prepareForget(database, 'segment', 'model, start, series'),
  ];
  const slice = database.transaction((work: () => number) => {
    checkOwner();
    return work();
  });

  /** @param turn resolves when others had theirs, with whether to go on */
  return async (nowMs, turn) => {
    const today = utcDay(nowMs);

    async function inSlices(forget: (rows: number) => number): Promise<void> {
      let rows: number = SLICE.rows;
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
    for (const model of models.all() as number[]) {
      for (const { days, forget } of forgetCells) {
        await inSlices((rows) => forget(model, (today - days) * DAY_MS, rows));
      }
      for (const forget of forgetByHour) {
        await inSlices((rows) => forget(model, (today - RETENTION.cohortDays) * DAY_MS, rows));
      }
    }
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

async function giveBackPages(
  database: Database.Database,
  turn: () => Promise<boolean>,
): Promise<void> {
  while (database.pragma('freelist_count', { simple: true }) !== 0) {
    const before = database.pragma('page_count', { simple: true });
    database.pragma(`incremental_vacuum(${SLICE.pages})`);
    // a file that gives nothing back, in memory for instance
    if (database.pragma('page_count', { simple: true }) === before) return;
    if (!(await turn())) return;
  }
}
