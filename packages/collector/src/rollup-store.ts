import type { BackendName, DeviceClass, ErrorCode, Histogram } from '@nearside/core';
import type { Contribution } from './contribution.js';
import type { HistogramName } from './report-histograms.js';

/**
 * Where counts are kept. Every implementation passes `rollup-store.test.ts`.
 *
 * Times are Unix ms. Every report is counted in a cell of 5 minutes and in one of an hour, both
 * starting at multiples of their length. Every method rejects with NearsideError
 * `store-unavailable` when the store cannot read or write.
 */
export interface RollupStore {
  /**
   * Remembers (day, id) and adds the contribution, both or neither. A (day, id) seen before
   * changes nothing. When it rejects, the same call may be repeated.
   */
  add(contribution: Contribution): Promise<'counted' | 'duplicate'>;
  /** Models with at least one cell, by name. */
  models(): Promise<ModelSummary[]>;
  /**
   * Counts of a time range, by version × backend × device class × slot; late ones included.
   * Bounds and step are multiples of 5 minutes; of an hour, when the range is older than the
   * 5-minute cells are kept.
   */
  cells(query: CellQuery): Promise<Cell[]>;
  /** Devices by version × backend × device class and UTC day. */
  deviceDays(query: DeviceDayQuery): Promise<DeviceDays[]>;
  /** Everything ever counted, by what `/metrics` labels; pruning takes nothing from it. */
  totals(): Promise<Totals[]>;
  /** Forgets ids and cells that are past their time. */
  prune(nowMs: number): Promise<void>;
  close(): Promise<void>;
}

export const RETENTION = Object.freeze({
  /** Ids. An older report is refused, so that nothing is ever counted twice. */
  seenDays: 30,
  /** 5-minute cells: a month and some, about 6 MB a day for a model with 20 series. */
  cellDays: 35,
  /** Hours: thirteen months, so that a month can be held against last year's. */
  hourDays: 400,
});

export interface ModelSummary {
  readonly model: string;
  readonly versions: readonly string[];
  /** Start of the newest cell. */
  readonly lastMs: number;
}

/** fromMs ≤ start of the cell < toMs. */
export interface CellQuery {
  readonly model: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** Slots start at multiples of this. Left out: the whole range is one slot. */
  readonly stepMs?: number;
  readonly histograms: readonly HistogramName[];
}

/** A dimension cell: the unit that is shown or suppressed. */
export interface Group {
  readonly version: string;
  readonly backend: BackendName;
  readonly device: DeviceClass;
}

export interface Cell extends Group {
  readonly slotMs: number;
  readonly reports: number;
  readonly ok: number;
  /** Σ count × sampling weight: an estimate for the whole fleet. */
  readonly okWeighted: number;
  readonly errors: ReadonlyMap<ErrorCode, { readonly n: number; readonly weighted: number }>;
  readonly histograms: ReadonlyMap<HistogramName, Histogram>;
}

/** Both days included. */
interface DeviceDayQuery {
  readonly model: string;
  readonly fromDay: number;
  readonly toDay: number;
}

export interface DeviceDays extends Group {
  readonly day: number;
  readonly devices: number;
}

export interface Totals {
  readonly model: string;
  readonly version: string;
  readonly variant: string;
  readonly backend: BackendName;
  readonly ok: number;
  readonly aborted: number;
  readonly invalid: number;
  readonly deviceDays: number;
  readonly errors: ReadonlyMap<ErrorCode, number>;
  /** Call → result, ms, at scale 3. */
  readonly duration: Histogram;
}
