import { type Histogram, type HistogramPath, merge } from '@nearside/core';
import type Database from 'better-sqlite3';
import { addCounts, type Counts, histogramOf, type LifetimeCounts } from '../counts.js';
import { DAY_MS } from '../days.js';
import type { Unit } from '../known-names.js';
import {
  CELL_LENGTHS,
  type Cell,
  type CellLength,
  type CellQuery,
  type CohortRow,
  type DeviceDayQuery,
  type DeviceDays,
  type ModelSummary,
  type Totals,
} from '../rollup-store.js';
import { cellTable } from './schema.js';

/** What a connection can be asked; each answer is of one moment. */
export interface SqliteReads {
  models(): ModelSummary[];
  cells(query: CellQuery): Cell[];
  deviceDays(query: DeviceDayQuery): DeviceDays[];
  cohorts(query: { model: string; fromMs: number; toMs: number }): CohortRow[];
  totals(): Totals[];
}

export function prepareReads(database: Database.Database): SqliteReads {
  return {
    models: prepareModels(database),
    cells: prepareCells(database),
    deviceDays: prepareDeviceDays(database),
    cohorts: prepareCohorts(database),
    totals: prepareTotals(database),
  };
}

interface CellRow {
  version: string;
  backend: string;
  device: string;
  start: number;
  counts: string;
}

interface MutableCell extends Cell {
  readonly counts: Counts;
  readonly histograms: Map<HistogramPath, Histogram>;
}

/** Adds up the cells of a range by group and slot. */
function prepareCells(database: Database.Database): (query: CellQuery) => Cell[] {
  const byLength = new Map(
    CELL_LENGTHS.map(({ ms }) => [
      ms,
      database.prepare(`
        SELECT s.version, s.backend, s.device, c.start, c.counts
        FROM ${cellTable(ms)} c JOIN series s ON s.id = c.series
        WHERE c.model = (SELECT id FROM model WHERE name = @model)
          AND c.start >= @fromMs AND c.start < @toMs`),
    ]),
  );
  return ({ model, fromMs, toMs, stepMs = 0, histograms }) => {
    const length = longestThatFits([fromMs, toMs, stepMs]);
    const rows = byLength.get(length)?.iterate({ model, fromMs, toMs }) ?? [];
    const cells = new Map<string, MutableCell>();
    for (const row of rows as Iterable<CellRow>) {
      const { version, backend, device, start } = row;
      const slotMs = stepMs === 0 ? fromMs : start - (start % stepMs);
      const key = `${slotMs} ${version} ${backend} ${device}`;
      let cell = cells.get(key);
      if (!cell) {
        cell = { version, backend, device, slotMs, counts: {}, histograms: new Map() };
        cells.set(key, cell);
      }
      addRow(cell, JSON.parse(row.counts) as Counts, histograms);
    }
    return [...cells.values()].sort(inOrder);
  };
}

function longestThatFits(times: readonly number[]): CellLength {
  const fitting = CELL_LENGTHS.filter(({ ms }) => times.every((time) => time % ms === 0));
  return (fitting.at(-1) ?? CELL_LENGTHS[0]).ms;
}

function addRow(
  cell: MutableCell,
  { histograms = {}, ...counts }: Counts,
  asked: readonly HistogramPath[],
): void {
  addCounts(cell.counts, counts);
  for (const path of asked) {
    const kept = histograms[path];
    if (!kept) continue;
    const sum = cell.histograms.get(path);
    const more = histogramOf(path, kept);
    if (sum) merge(sum, more);
    else cell.histograms.set(path, more);
  }
}

function inOrder(a: Cell, b: Cell): number {
  return (
    a.slotMs - b.slotMs ||
    compare(a.version, b.version) ||
    compare(a.backend, b.backend) ||
    compare(a.device, b.device)
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** From the cells of days, where the first reports of a day are. */
function prepareDeviceDays(database: Database.Database): (query: DeviceDayQuery) => DeviceDays[] {
  const rows = database.prepare(`
    SELECT s.version, s.backend, s.device, c.start / ${DAY_MS} AS day,
      sum(json_extract(c.counts, '$.firsts."version-day"')) AS devices
    FROM ${cellTable(DAY_MS)} c JOIN series s ON s.id = c.series
    WHERE c.model = (SELECT id FROM model WHERE name = @model)
      AND c.start BETWEEN @fromDay * ${DAY_MS} AND @toDay * ${DAY_MS}
    GROUP BY 1, 2, 3, 4 HAVING devices > 0`);
  return (query) => rows.all(query) as DeviceDays[];
}

function prepareModels(database: Database.Database): () => ModelSummary[] {
  const newest = CELL_LENGTHS.map(
    ({ ms }) => `(SELECT max(start) FROM ${cellTable(ms)} WHERE model = m.id)`,
  );
  const models = database.prepare(`
    SELECT m.name AS model, coalesce(${newest.join(', ')}) AS lastMs,
      (SELECT json_group_array(DISTINCT version) FROM series WHERE model = m.id) AS versions
    FROM model m ORDER BY 1`);
  return () =>
    (models.all() as { model: string; lastMs: number | null; versions: string }[]).flatMap(
      ({ model, lastMs, versions }) =>
        lastMs === null
          ? []
          : [{ model, versions: (JSON.parse(versions) as string[]).sort(compare), lastMs }],
    );
}

function prepareCohorts(
  database: Database.Database,
): (query: { model: string; fromMs: number; toMs: number }) => CohortRow[] {
  const rows = database.prepare(`
    SELECT u.version, u.assigned, u.arm, u.experiment, c.start, c.g, c.counts
    FROM cohort c JOIN unit u ON u.id = c.unit
    WHERE c.model = (SELECT id FROM model WHERE name = @model)
      AND c.start >= @fromMs AND c.start < @toMs`);
  return (query) =>
    (rows.all(query) as (Unit & { start: number; g: number; counts: string })[]).map(
      ({ version, assigned, arm, experiment, start, g, counts }) => ({
        unit: { model: query.model, version, assigned, arm, experiment },
        hourMs: start,
        cohort: g,
        counts: JSON.parse(counts) as Counts,
      }),
    );
}

function prepareTotals(database: Database.Database): () => Totals[] {
  const rows = database.prepare(`
    SELECT m.name AS model, s.version, s.variant, s.backend, s.device, s.arm, l.counts
    FROM lifetime l JOIN series s ON s.id = l.series JOIN model m ON m.id = s.model
    ORDER BY l.last DESC, l.series`);
  return () =>
    (rows.all() as (Omit<Totals, 'counts'> & { counts: string })[]).map((row) => ({
      ...row,
      counts: JSON.parse(row.counts) as LifetimeCounts,
    }));
}
