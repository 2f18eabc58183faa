import { COHORTS } from '@nearside/core';
import { partOfKey } from '../counting/counts.js';
import type { BinCounts } from '../statistics/bins.js';
import type { CohortRow } from '../store/rollup-store.js';

/** Devices of a class, or with a backend. */
export interface PartName {
  readonly dimension: 'device' | 'backend';
  readonly value: string;
}

/** Observations by distribution, cohort and bin. */
export type Table = readonly (readonly BinCounts[])[];

/** Tables of observations: of all rows, and of each device class and backend. */
export interface Observed {
  readonly whole: Table;
  /** By {@link nameOf} a part. */
  readonly parts: ReadonlyMap<string, Table>;
}

export function nameOf({ dimension, value }: PartName): string {
  return `${dimension} ${value}`;
}

/**
 * Adds up what rows observed, in one pass: a month has many rows.
 *
 * @param baseline its hash
 * @param bins number of bins of each distribution
 */
export function observedIn(
  rows: readonly CohortRow[],
  { baseline, bins }: { baseline: string; bins: readonly number[] },
): Observed {
  const whole = emptyTable(bins);
  const parts = new Map<string, number[][][]>();
  const tablesByKey = new Map<string, number[][][][]>();

  function partTable(dimension: PartName['dimension'], value: string): number[][][] {
    const name = nameOf({ dimension, value });
    const table = parts.get(name) ?? emptyTable(bins);
    parts.set(name, table);
    return table;
  }

  function tablesOf(key: string): number[][][][] {
    const { device, backend } = partOfKey(key);
    const tables = tablesByKey.get(key) ?? [
      whole,
      partTable('device', device),
      partTable('backend', backend),
    ];
    tablesByKey.set(key, tables);
    return tables;
  }

  for (const { cohort, counts } of rows) {
    const own = counts.parts ?? {};
    for (const key of Object.keys(own)) {
      const seen = own[key]?.drift?.[baseline];
      if (!seen) continue;
      for (const table of tablesOf(key)) {
        for (const [position, ofOne] of table.entries()) addBins(ofOne[cohort], seen[position]);
      }
    }
  }
  return { whole, parts };
}

function emptyTable(bins: readonly number[]): number[][][] {
  return bins.map((length) => emptyCohorts(length));
}

export function emptyCohorts(bins: number): number[][] {
  return Array.from({ length: COHORTS }, () => new Array<number>(bins).fill(0));
}

/** Adds counts by bin. Bins that `sums` does not have are left out. */
export function addBins(sums: number[] | undefined, more: BinCounts | undefined): void {
  if (!sums || !more) return;
  const length = Math.min(sums.length, more.length);
  for (let bin = 0; bin < length; bin += 1) {
    sums[bin] = (sums[bin] as number) + (more[bin] as number);
  }
}
