import type { Contribution } from '../contribution.js';
import { addCounts, type Counts, cellCounts, cohortCounts } from '../counts.js';
import type { Series, Unit } from '../known-names.js';
import { CELL_LENGTHS } from '../rollup-store.js';

const FINEST_MS = CELL_LENGTHS[0].ms;
const HOUR_MS = 3_600_000;

export interface PendingCell {
  readonly series: Series;
  readonly startMs: number;
  readonly late: boolean;
  readonly counts: Counts;
}

export interface PendingCohort {
  readonly unit: Unit;
  readonly hourMs: number;
  readonly cohort: number;
  readonly counts: Counts;
}

/** What is in the log and not yet in the tables, added up: many reports touch the same few rows. */
export class Pending {
  readonly cells = new Map<string, PendingCell>();
  readonly cohorts = new Map<string, PendingCohort>();
  #reports = 0;

  /** Rows that are to be written: a cell is in one of each length, and in its lifetime. */
  get rows(): number {
    return this.cells.size * (CELL_LENGTHS.length + 1) + this.cohorts.size;
  }

  get isEmpty(): boolean {
    return this.#reports === 0;
  }

  add({ series, unit, cohort, bucketMs, late, counts }: Contribution): void {
    this.#reports += 1;
    const startMs = bucketMs - (bucketMs % FINEST_MS);
    const cellKey = `${startMs} ${late} ${Object.values(series).join(' ')}`;
    const cell = this.cells.get(cellKey) ?? { series, startMs, late, counts: {} };
    this.cells.set(cellKey, cell);
    addCounts(cell.counts, cellCounts(counts));

    const hourMs = bucketMs - (bucketMs % HOUR_MS);
    const cohortKey = `${hourMs} ${cohort} ${Object.values(unit).join(' ')}`;
    const row = this.cohorts.get(cohortKey) ?? { unit, hourMs, cohort, counts: {} };
    this.cohorts.set(cohortKey, row);
    addCounts(row.counts, cohortCounts(counts));
  }

  clear(): void {
    this.cells.clear();
    this.cohorts.clear();
    this.#reports = 0;
  }
}
