import type { Contribution } from '../counting/contribution.js';
import {
  addCounts,
  type Counts,
  cellCounts,
  cohortCounts,
  type SegmentCounts,
  segmentCounts,
} from '../counting/counts.js';
import { type Series, seriesName, type Unit, unitName } from '../counting/known-names.js';
import { addSums, type Sums } from '../counting/sums.js';
import { HOUR_MS, utcDay } from '../counting/time.js';
import { CELL_LENGTHS } from './rollup-store.js';

const FINEST_MS = CELL_LENGTHS[0].ms;

export interface PendingCell {
  readonly series: Series;
  readonly startMs: number;
  readonly late: boolean;
  readonly counts: Counts;
  /** The last UTC day on which a report of it arrived. */
  day: number;
}

export interface PendingCohort {
  readonly unit: Unit;
  readonly hourMs: number;
  readonly cohort: number;
  readonly counts: Counts;
  day: number;
}

export interface PendingSegment {
  readonly series: Series;
  readonly hourMs: number;
  readonly counts: SegmentCounts;
}

/** The sums of reports that are in the log and not yet in the tables. Many reports touch the same few rows. */
export class Pending {
  readonly cells = new Map<string, PendingCell>();
  readonly cohorts = new Map<string, PendingCohort>();
  readonly segments = new Map<string, PendingSegment>();

  /** Number of rows to write. A cell is in a row of each length, and in its lifetime. */
  get rowCount(): number {
    return this.cells.size * (CELL_LENGTHS.length + 1) + this.cohorts.size + this.segments.size;
  }

  get isEmpty(): boolean {
    return this.cells.size === 0;
  }

  add({ series, unit, cohort, arrivedMs, bucketMs, late, counts }: Contribution): void {
    const startMs = bucketMs - (bucketMs % FINEST_MS);
    const day = utcDay(arrivedMs);
    const cellKey = `${startMs} ${late} ${seriesName(series)}`;
    const cell = this.cells.get(cellKey) ?? { series, startMs, late, counts: {}, day };
    cell.day = Math.max(cell.day, day);
    this.cells.set(cellKey, cell);
    addCounts(cell.counts, cellCounts(counts));

    const hourMs = bucketMs - (bucketMs % HOUR_MS);
    const cohortKey = `${hourMs} ${cohort} ${unitName(unit)}`;
    const row = this.cohorts.get(cohortKey) ?? { unit, hourMs, cohort, counts: {}, day };
    row.day = Math.max(row.day, day);
    this.cohorts.set(cohortKey, row);
    addCounts(row.counts, cohortCounts(counts, { part: series, unit }));

    const seen = segmentCounts(counts);
    if (!seen) return;
    const segmentKey = `${hourMs} ${seriesName(series)}`;
    const segment = this.segments.get(segmentKey) ?? { series, hourMs, counts: {} };
    this.segments.set(segmentKey, segment);
    addSums(segment.counts as Sums, seen as Sums);
  }

  /** Returns the cells of each length in `CELL_LENGTHS`. Each length has sums of its own. */
  cellsByLength(): (readonly PendingCell[])[] {
    const levels: (readonly PendingCell[])[] = [[...this.cells.values()]];
    for (const { ms } of CELL_LENGTHS.slice(1)) levels.push(coarser(levels.at(-1) ?? [], ms));
    return levels;
  }

  clear(): void {
    this.cells.clear();
    this.cohorts.clear();
    this.segments.clear();
  }
}

/** Makes cells of one length from those of a shorter one. */
function coarser(cells: readonly PendingCell[], lengthMs: number): PendingCell[] {
  const longer = new Map<string, PendingCell>();
  for (const { series, startMs, late, counts, day } of cells) {
    const start = startMs - (startMs % lengthMs);
    const key = `${start} ${late} ${seriesName(series)}`;
    const cell = longer.get(key) ?? { series, startMs: start, late, counts: {}, day };
    longer.set(key, cell);
    addCounts(cell.counts, counts);
  }
  return [...longer.values()];
}
