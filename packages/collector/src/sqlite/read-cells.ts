import type { BackendName, DeviceClass, ErrorCode, Histogram } from '@nearside/core';
import { createHistogram } from '@nearside/core';
import type Database from 'better-sqlite3';
import { BUCKET_MS, HOUR_MS } from '../contribution.js';
import { HISTOGRAM_SCALES, type HistogramName } from '../report-histograms.js';
import type { Cell, CellQuery } from '../rollup-store.js';

// `total()` rather than `sum()`: it never raises an overflow, whatever a forged report added.
const SLOT = 'CASE WHEN @step = 0 THEN @from ELSE c.start - c.start % @step END';
const KEY = `s.version, s.backend, s.device, ${SLOT} AS slot`;
const CELLS = `
  FROM series s JOIN cell c
    ON c.series = s.id AND c.length = @length AND c.start >= @from AND c.start < @to`;
const OF_MODEL = 'WHERE s.model = @model';

interface KeyRow {
  version: string;
  backend: BackendName;
  device: DeviceClass;
  slot: number;
}

interface MutableCell extends Cell {
  readonly errors: Map<ErrorCode, { n: number; weighted: number }>;
  readonly histograms: Map<HistogramName, Histogram>;
}

/** Sums the cells of a range by group and slot, and puts each sum's parts together. */
export function prepareReadCells(database: Database.Database): (query: CellQuery) => Cell[] {
  const sums = database.prepare(`
    SELECT ${KEY}, total(c.reports) AS reports, total(c.ok) AS ok, total(c.ok_weighted) AS okWeighted
    ${CELLS} ${OF_MODEL} GROUP BY 1, 2, 3, 4 ORDER BY 4, 1, 2, 3`);
  const errors = database.prepare(`
    SELECT ${KEY}, e.code, total(e.n) AS n, total(e.weighted) AS weighted
    ${CELLS} JOIN cell_error e ON e.cell = c.id ${OF_MODEL} GROUP BY 1, 2, 3, 4, 5`);
  const histograms = database.prepare(`
    SELECT ${KEY}, h.name, total(h.zeros) AS zeros, total(h.sum) AS sum
    ${CELLS} JOIN cell_histogram h ON h.cell = c.id AND h.name = @name
    ${OF_MODEL} GROUP BY 1, 2, 3, 4`);
  const bins = database.prepare(`
    SELECT ${KEY}, b.bin, total(b.n) AS n
    ${CELLS} JOIN cell_bin b ON b.cell = c.id AND b.name = @name
    ${OF_MODEL} GROUP BY 1, 2, 3, 4, 5`);

  // One transaction: all statements see the same moment, whoever writes meanwhile.
  const read = database.transaction(({ model, fromMs, toMs, stepMs = 0, ...query }: CellQuery) => {
    const length = [fromMs, toMs, stepMs].every((ms) => ms % HOUR_MS === 0) ? HOUR_MS : BUCKET_MS;
    const range = { model, from: fromMs, to: toMs, step: stepMs, length };
    const cells = new Map<string, MutableCell>();
    const cellOf = (row: KeyRow) => cells.get(keyOf(row)) as MutableCell;

    for (const row of sums.all(range) as (KeyRow & SumRow)[]) {
      const { slot, ...rest } = row;
      cells.set(keyOf(row), { ...rest, slotMs: slot, errors: new Map(), histograms: new Map() });
    }
    for (const row of errors.all(range) as (KeyRow & ErrorRow)[]) {
      cellOf(row).errors.set(row.code, { n: row.n, weighted: row.weighted });
    }
    for (const name of query.histograms) {
      for (const row of histograms.all({ ...range, name }) as (KeyRow & HistogramRow)[]) {
        const { zeros, sum } = row;
        cellOf(row).histograms.set(name, {
          ...createHistogram(HISTOGRAM_SCALES[name]),
          zeros,
          sum,
        });
      }
      for (const row of bins.all({ ...range, name }) as (KeyRow & BinRow)[]) {
        cellOf(row).histograms.get(name)?.buckets.set(row.bin, row.n);
      }
    }
    return [...cells.values()];
  });
  return (query) => read(query);
}

type SumRow = Pick<Cell, 'reports' | 'ok' | 'okWeighted'>;
type ErrorRow = { code: ErrorCode; n: number; weighted: number };
type HistogramRow = { zeros: number; sum: number };
type BinRow = { bin: number; n: number };

function keyOf({ version, backend, device, slot }: KeyRow): string {
  return `${slot} ${version} ${backend} ${device}`;
}
