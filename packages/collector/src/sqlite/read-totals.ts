import { type BackendName, createHistogram, type ErrorCode, type Histogram } from '@nearside/core';
import type Database from 'better-sqlite3';
import { HISTOGRAM_SCALES } from '../report-histograms.js';
import type { Totals } from '../rollup-store.js';

interface KeyRow {
  model: string;
  version: string;
  variant: string;
  backend: BackendName;
}

interface SumRow extends KeyRow {
  ok: number;
  aborted: number;
  invalid: number;
  deviceDays: number;
  zeros: number;
  sum: number;
}

/** Sums the lifetime rows over device class and arm. */
export function prepareReadTotals(database: Database.Database): () => Totals[] {
  const sums = database.prepare(`
    SELECT model, version, variant, backend, total(ok) AS ok, total(aborted) AS aborted,
      total(invalid) AS invalid, total(device_days) AS deviceDays,
      total(duration_zeros) AS zeros, total(duration_sum) AS sum
    FROM series s JOIN lifetime l ON l.series = s.id GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4`);
  const errors = database.prepare(`
    SELECT model, version, variant, backend, code, total(n) AS n
    FROM series s JOIN lifetime_error e ON e.series = s.id GROUP BY 1, 2, 3, 4, 5 ORDER BY 5`);
  const bins = database.prepare(`
    SELECT model, version, variant, backend, bin, total(n) AS n
    FROM series s JOIN lifetime_bin b ON b.series = s.id GROUP BY 1, 2, 3, 4, 5`);

  const read = database.transaction(() => {
    const found = new Map<
      string,
      Totals & { errors: Map<ErrorCode, number>; duration: Histogram }
    >();
    for (const { zeros, sum, ...row } of sums.all() as SumRow[]) {
      const duration = { ...createHistogram(HISTOGRAM_SCALES.total), zeros, sum };
      found.set(keyOf(row), { ...row, errors: new Map(), duration });
    }
    for (const row of errors.all() as (KeyRow & { code: ErrorCode; n: number })[]) {
      found.get(keyOf(row))?.errors.set(row.code, row.n);
    }
    for (const row of bins.all() as (KeyRow & { bin: number; n: number })[]) {
      found.get(keyOf(row))?.duration.buckets.set(row.bin, row.n);
    }
    return [...found.values()];
  });
  return () => read();
}

function keyOf({ model, version, variant, backend }: KeyRow): string {
  return `${model} ${version} ${variant} ${backend}`;
}
