import type Database from 'better-sqlite3';
import type { Counts, SegmentCounts } from '../counting/counts.js';
import { addSums, type Sums } from '../counting/sums.js';
import { HOUR_MS } from '../counting/time.js';
import { addPacked, packHistograms } from './packed-histograms.js';
import { cellTable } from './schema.js';

type Key = readonly number[];

interface CellRow {
  readonly reports: number;
  readonly ok: number;
  readonly failed: number;
  readonly weighted: number;
  readonly devices: number;
  readonly latency: Uint8Array;
  readonly counts: string;
  readonly histograms: Uint8Array;
}

/** Rows are by the hour, and older ones by the UTC day. */
export type CohortTable = 'cohort' | 'cohort_day';

export type RestRow = Pick<CellRow, 'counts' | 'histograms'>;

/** Adds counts to the cell of a key: model, start, series, late. The caller must not use `counts` again. */
export function prepareAddCell(
  database: Database.Database,
  lengthMs: number,
): (key: Key, counts: Counts) => void {
  const table = cellTable(lengthMs);
  // a device is counted once an hour in cells of hours, and once a UTC day in others
  const first = lengthMs === HOUR_MS ? 'version-hour' : 'version-day';
  const find = database.prepare(`
    SELECT reports, ok, failed, weighted, devices, latency, counts, histograms
    FROM ${table} WHERE model = ? AND start = ? AND series = ? AND late = ?`);
  const replace = database.prepare(
    `REPLACE INTO ${table} VALUES (${Array(12).fill('?').join(', ')})`,
  );
  return (key, counts) => {
    const found = find.get(...key) as CellRow | undefined;
    const { reports = 0, ok = 0, failed = 0, weighted = 0, histograms = {}, ...rest } = counts;
    const devices = counts.firsts?.[first] ?? 0;
    const { 'latency.total': latency, ...others } = histograms;
    const total = latency ? { 'latency.total': latency } : {};
    if (found) {
      addPacked(total, found.latency);
      addPacked(others, found.histograms);
      addSums(rest as Sums, JSON.parse(found.counts) as Sums);
    }
    replace.run(
      ...key,
      reports + (found?.reports ?? 0),
      ok + (found?.ok ?? 0),
      failed + (found?.failed ?? 0),
      weighted + (found?.weighted ?? 0),
      devices + (found?.devices ?? 0),
      packHistograms(total),
      JSON.stringify(rest),
      packHistograms(others),
    );
  };
}

/** Adds counts to the row of a key: model, start, unit, cohort. The caller must not use `counts` again. */
export function prepareAddCohort(
  database: Database.Database,
  table: CohortTable,
): (key: Key, counts: Counts) => void {
  const find = database.prepare(`
    SELECT counts, histograms FROM ${table} WHERE model = ? AND start = ? AND unit = ? AND g = ?`);
  const replace = database.prepare(`REPLACE INTO ${table} VALUES (?, ?, ?, ?, ?, ?)`);
  return (key, { histograms = {}, ...rest }) => {
    const found = find.get(...key) as RestRow | undefined;
    if (found) {
      addPacked(histograms, found.histograms);
      addSums(rest as Sums, JSON.parse(found.counts) as Sums);
    }
    replace.run(...key, JSON.stringify(rest), packHistograms(histograms));
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
    const found = find.get(...key) as string | undefined;
    if (found !== undefined) addSums(counts as Sums, JSON.parse(found) as Sums);
    replace.run(...key, JSON.stringify(counts));
  };
}

/** Returns the counts of a row by cohort. */
export function cohortRowCounts({ counts, histograms }: RestRow): Counts {
  const all = JSON.parse(counts) as Counts;
  const unpacked = {};
  addPacked(unpacked, histograms);
  return { ...all, histograms: unpacked };
}
