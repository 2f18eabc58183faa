import type { HistogramPath } from '@nearside/core';
import type Database from 'better-sqlite3';
import type { Counts, KeptHistogram } from '../counting/counts.js';
import { type Series, seriesName } from '../counting/known-names.js';
import { HOUR_MS, utcDay } from '../counting/time.js';
import { Pending } from '../store/pending.js';
import { CELL_LENGTHS } from '../store/rollup-store.js';
import { prepareFold } from './fold-log.js';

const FINEST_MS = CELL_LENGTHS[0].ms;

/** Tables of the first schema, each before those that it refers to. */
const TABLES = [
  'cell_error',
  'cell_histogram',
  'cell_bin',
  'cell_class',
  'cell_score',
  'cell_feedback',
  'cell',
  'device_day',
  'lifetime_error',
  'lifetime_bin',
  'lifetime',
  'series',
  'seen',
];

/** Its histograms that still mean the same. */
const PATHS: Readonly<Record<string, HistogramPath>> = {
  total: 'latency.total',
  queue: 'latency.queue',
  pre: 'latency.pre',
  run: 'latency.run',
  post: 'latency.post',
};

interface FirstCell extends Series {
  readonly id: number;
  readonly seriesId: number;
  readonly start: number;
  readonly late: number;
  readonly reports: number;
  readonly ok: number;
  readonly okWeighted: number;
  readonly aborted: number;
  readonly invalid: number;
  readonly fallbacks: number;
  readonly bytes: number;
}

/** Makes room for tables of the same names. */
export function setFirstSchemaAside(database: Database.Database): void {
  for (const table of TABLES) database.exec(`ALTER TABLE ${table} RENAME TO first_${table}`);
}

/**
 * Adds what the first schema kept to the tables of today, and drops its own. Calls, errors, latency and devices go on.
 * What it called load, classes, scores and feedback cannot be told apart as it is today, and ends here.
 */
export function fillFromFirstSchema(database: Database.Database): void {
  database.exec(
    'INSERT INTO seen (day, id, arrived) SELECT day, unhex(id), day FROM first_seen WHERE length(id) = 32',
  );
  const pending = new Pending();
  const countsOf = prepareCounts(database);
  for (const cell of cellsOf(database)) {
    const { model, version, variant, backend, device, arm, start: startMs } = cell;
    const series = { model, version, variant, backend, device, arm };
    const late = cell.late === 1;
    const counts = countsOf(cell);
    const key = `${startMs} ${late} ${seriesName(series)}`;
    pending.cells.set(key, { series, startMs, late, counts, day: utcDay(startMs) });
  }
  prepareFold(database, () => {})(pending); // the log that it empties is new
  for (const table of TABLES) database.exec(`DROP TABLE first_${table}`);
}

/** Reads the finest cells, and each hour of which no finer ones are kept. */
function cellsOf(database: Database.Database): FirstCell[] {
  const cells = database.prepare(`
    SELECT c.id, c.series AS seriesId, c.start, c.late, c.reports, c.ok, c.ok_weighted AS okWeighted, c.aborted,
      c.invalid, c.fallbacks, c.bytes_fetched AS bytes, s.model, s.version, s.variant, s.backend, s.device, s.arm
    FROM first_cell c JOIN first_series s ON s.id = c.series
    WHERE c.length = ${FINEST_MS} OR (c.length = ${HOUR_MS} AND NOT EXISTS (
      SELECT 1 FROM first_cell f WHERE f.length = ${FINEST_MS} AND f.series = c.series AND f.late = c.late
        AND f.start >= c.start AND f.start < c.start + ${HOUR_MS}))
    ORDER BY c.start`);
  return cells.all() as FirstCell[];
}

function prepareCounts(database: Database.Database): (cell: FirstCell) => Counts {
  const errors = database.prepare('SELECT code, n, weighted FROM first_cell_error WHERE cell = ?');
  const histograms = database.prepare(
    'SELECT name, zeros, sum FROM first_cell_histogram WHERE cell = ?',
  );
  const bins = database
    .prepare('SELECT bin, n FROM first_cell_bin WHERE cell = ? AND name = ?')
    .raw();
  const takeDevices = prepareDevices(database);

  function histogramsOf(id: number): Partial<Record<HistogramPath, KeptHistogram>> {
    const kept: Partial<Record<HistogramPath, KeptHistogram>> = {};
    for (const { name, zeros, sum } of histograms.all(id) as HistogramRow[]) {
      const path = PATHS[name];
      const buckets = bins.all(id, name) as [bin: number, n: number][];
      if (path) kept[path] = { z: zeros, sum, b: Object.fromEntries(buckets) };
    }
    return kept;
  }

  return (cell) => {
    const failures = errors.all(cell.id) as ErrorRow[];
    const devices = takeDevices(cell);
    return {
      reports: cell.reports,
      ok: cell.ok,
      failed: failures.reduce((total, { n }) => total + n, 0),
      weighted: failures.reduce((total, { weighted }) => total + weighted, cell.okWeighted),
      aborted: cell.aborted,
      fallbacks: cell.fallbacks,
      bytes: cell.bytes,
      errors: Object.fromEntries(failures.map(({ code, n }) => [code, n])),
      invalid: { 'input-invalid': cell.invalid },
      histograms: histogramsOf(cell.id),
      ...(devices > 0 && { firsts: { 'version-day': devices } }),
    };
  };
}

interface ErrorRow {
  readonly code: string;
  readonly n: number;
  readonly weighted: number;
}

interface HistogramRow {
  readonly name: string;
  readonly zeros: number;
  readonly sum: number;
}

/** The devices of a day were counted for the whole day: its first cell gets them all. */
function prepareDevices(database: Database.Database): (cell: FirstCell) => number {
  const find = database
    .prepare('SELECT n FROM first_device_day WHERE series = ? AND day = ?')
    .pluck();
  const taken = new Set<string>();
  return ({ seriesId, start }) => {
    const day = utcDay(start);
    const key = `${seriesId} ${day}`;
    if (taken.has(key)) return 0;
    taken.add(key);
    return (find.get(seriesId, day) as number | undefined) ?? 0;
  };
}
