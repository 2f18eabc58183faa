import type { HistogramPath } from '@nearside/core';
import type Database from 'better-sqlite3';
import { addCounts, type Counts, type LifetimeCounts } from '../counts.js';
import { DAY_MS } from '../days.js';
import { prepareAddCell } from './counts-rows.js';

const BUCKET_MS = 300_000;
const HOUR_MS = 3_600_000;

/** The histograms of schema 1 that still mean the same. */
const PATHS: Readonly<Record<string, HistogramPath>> = {
  total: 'latency.total',
  queue: 'latency.queue',
  pre: 'latency.pre',
  run: 'latency.run',
  post: 'latency.post',
};
/** Schema 1 kept a table for each of these. */
const OLD_TABLES = [
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
  'old_lifetime',
  'old_series',
  'old_seen',
];

interface OldCell {
  id: number;
  series: number;
  length: number;
  start: number;
  late: number;
  reports: number;
  ok: number;
  ok_weighted: number;
  aborted: number;
  invalid: number;
  fallbacks: number;
  bytes_fetched: number;
}

/**
 * From a row per count to a row per cell. Calls, errors, latency and devices go on. What schema 1 called load, classes,
 * scores and feedback cannot be told apart as it is today, and ends here.
 */
export function migrateSchema1(database: Database.Database, schema: string): void {
  for (const table of ['seen', 'series', 'lifetime']) {
    database.exec(`ALTER TABLE ${table} RENAME TO old_${table}`);
  }
  database.exec(schema);
  database.exec(`
    INSERT INTO seen (day, id, arrived) SELECT day, unhex(id), day FROM old_seen;
    INSERT INTO model (name) SELECT DISTINCT model FROM old_series ORDER BY 1;
    INSERT INTO series (id, model, version, variant, backend, device, arm)
      SELECT s.id, m.id, version, variant, backend, device, arm
      FROM old_series s JOIN model m ON m.name = s.model;`);
  moveCells(database);
  moveLifetimes(database);
  for (const table of OLD_TABLES) database.exec(`DROP TABLE ${table}`);
}

function moveCells(database: Database.Database): void {
  const modelOf = new Map(
    (database.prepare('SELECT id, model FROM series').raw().all() as [number, number][]).map(
      ([id, model]) => [id, model],
    ),
  );
  const countsOf = prepareCountsOf(database);
  const devices = database
    .prepare('SELECT n FROM device_day WHERE series = ? AND day = ?')
    .pluck() as Database.Statement<[number, number], number>;
  // Finest first: the day's devices go into the first cell of the day that there is.
  const cells = database
    .prepare('SELECT * FROM cell ORDER BY length, start')
    .iterate() as IterableIterator<OldCell>;
  // Rows are written while others are read, so that they are kept until all are read.
  const made = new Map<string, Counts>();
  const counted = new Set<string>();
  for (const cell of cells) {
    const { series, length, start, late } = cell;
    const counts = countsOf(cell);
    const lengths = length === BUCKET_MS ? [BUCKET_MS] : [HOUR_MS, 6 * HOUR_MS, DAY_MS];
    const day = Math.floor(start / DAY_MS);
    const key = `${length} ${series} ${day}`;
    const n = counted.has(key) ? undefined : devices.get(series, day);
    counted.add(key);
    if (n) counts.firsts = { 'version-day': n };
    for (const ms of lengths) {
      const row = `${ms} ${modelOf.get(series)} ${start - (start % ms)} ${series} ${late}`;
      const sum = made.get(row) ?? {};
      made.set(row, sum);
      addCounts(sum, counts);
    }
  }
  const lengths = [BUCKET_MS, HOUR_MS, 6 * HOUR_MS, DAY_MS];
  const add = new Map(
    lengths.map((ms) => [ms, prepareAddCell(database, `cell_${ms / 1000}`)] as const),
  );
  for (const [row, counts] of made) {
    const [ms = 0, ...key] = row.split(' ').map(Number);
    add.get(ms)?.(key, counts);
  }
}

function prepareCountsOf(database: Database.Database): (cell: OldCell) => Counts {
  const errors = database.prepare('SELECT code, n, weighted FROM cell_error WHERE cell = ?');
  const histograms = database.prepare('SELECT name, zeros, sum FROM cell_histogram WHERE cell = ?');
  const bins = database.prepare('SELECT bin, n FROM cell_bin WHERE cell = ? AND name = ?');
  return ({ id, reports, ok, ok_weighted, aborted, invalid, fallbacks, bytes_fetched }) => {
    const failures = errors.all(id) as { code: string; n: number; weighted: number }[];
    const counts: Counts = {
      reports,
      ok,
      failed: failures.reduce((sum, { n }) => sum + n, 0),
      weighted: failures.reduce((sum, { weighted }) => sum + weighted, ok_weighted),
      aborted,
      fallbacks,
      bytes: bytes_fetched,
      errors: Object.fromEntries(failures.map(({ code, n }) => [code, n])),
      invalid: { 'input-invalid': invalid },
      histograms: {},
    };
    for (const { name, zeros, sum } of histograms.all(id) as HistogramRow[]) {
      const path = PATHS[name];
      if (!path) continue;
      const rows = bins.all(id, name) as { bin: number; n: number }[];
      const b = Object.fromEntries(rows.map(({ bin, n }) => [bin, n]));
      counts.histograms = { ...counts.histograms, [path]: { z: zeros, sum, b } };
    }
    return counts;
  };
}

interface HistogramRow {
  name: string;
  zeros: number;
  sum: number;
}

function moveLifetimes(database: Database.Database): void {
  const errors = database.prepare('SELECT code, n FROM lifetime_error WHERE series = ?');
  const bins = database.prepare('SELECT bin, n FROM lifetime_bin WHERE series = ?');
  const last = database.prepare('SELECT max(start) FROM cell WHERE series = ?').pluck();
  const insert = database.prepare('INSERT INTO lifetime (series, last, counts) VALUES (?, ?, ?)');
  const rows = database.prepare('SELECT * FROM old_lifetime').all() as {
    series: number;
    ok: number;
    aborted: number;
    invalid: number;
    device_days: number;
    duration_zeros: number;
    duration_sum: number;
  }[];
  for (const row of rows) {
    const { series, ok, aborted, invalid, device_days, duration_zeros, duration_sum } = row;
    const failures = errors.all(series) as { code: string; n: number }[];
    const buckets = bins.all(series) as { bin: number; n: number }[];
    const counts: LifetimeCounts = {
      punctual: {
        ok,
        aborted,
        failed: failures.reduce((sum, { n }) => sum + n, 0),
        errors: Object.fromEntries(failures.map(({ code, n }) => [code, n])),
        invalid: { 'input-invalid': invalid },
        histograms: {
          'latency.total': {
            z: duration_zeros,
            sum: duration_sum,
            b: Object.fromEntries(buckets.map(({ bin, n }) => [bin, n])),
          },
        },
      },
      firsts: { 'version-day': device_days },
    };
    insert.run(series, last.get(series) ?? 0, JSON.stringify(counts));
  }
}
