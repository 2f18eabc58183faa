import type { Histogram, HistogramPath, TraceSpan } from '@nearside/core';
import type { Contribution } from './contribution.js';
import type { Counts, LifetimeCounts, SegmentCounts } from './counts.js';
import type { KnownNames, Series, Unit } from './known-names.js';

/**
 * Where counts are kept. Every implementation passes `testing/store-conformance.ts`, `store-history.ts` and `store-crashes.ts`.
 *
 * Times are Unix ms. Every method rejects with NearsideError `store-unavailable` when the store cannot read or write.
 */
export interface RollupStore extends RollupReads {
  /**
   * Remembers (day, id) of each and adds its counts, all of the batch or none. Answers when that is on disk, in the order
   * of the batch. A (day, id) seen before changes nothing. When it rejects, the same call may be repeated. An empty batch
   * says whether the store can write.
   */
  add(batch: readonly Contribution[]): Promise<Outcome[]>;
  /** Keeps the last `RETENTION.traces` of all models; a run that is there already changes nothing. On disk when it answers. */
  addTraces(traces: readonly RunTrace[], nowMs: number): Promise<void>;
  /** Of a model, those that arrived last first. */
  traces(query: TraceQuery): Promise<KeptTrace[]>;
  /** Writes down each version whose state or rollout is another than what was last written down of it. On disk when it answers. */
  addReleases(states: readonly VersionState[], nowMs: number): Promise<void>;
  /** Names that have rows: what a restart begins with. */
  names(): Promise<KnownNames>;
  /** What was added before this call can be read after it. */
  settle(): Promise<void>;
  /** Forgets what is past its time, in slices of less than 50 ms; hours by cohort are added to their day before. */
  prune(nowMs: number): Promise<void>;
  close(): Promise<void>;
}

export type Outcome = 'counted' | 'duplicate';

/** One run: its `inference`, and its stages behind it. */
export interface RunTrace {
  readonly model: string;
  readonly traceId: string;
  readonly spanId: string;
  /** It failed, or was slow. */
  readonly isNotable: boolean;
  readonly spans: readonly TraceSpan[];
}

export interface TraceQuery {
  readonly model: string;
  readonly limit: number;
}

export interface KeptTrace {
  readonly arrivedMs: number;
  /** `inference`, and its stages behind it. */
  readonly spans: readonly TraceSpan[];
}

/** What can be asked. */
export interface RollupReads {
  /** Models with at least one cell, by name. */
  models(): Promise<ModelSummary[]>;
  /**
   * Calls of a time range, by part × slot; late ones included. Bounds and step are multiples of a length that is kept for
   * so long (`CELL_LENGTHS`).
   */
  cells(query: CellQuery): Promise<Cell[]>;
  /** All that was counted in a time range, by version × backend × device class. */
  sums(query: SumQuery): Promise<GroupSums[]>;
  /** Reports of a time range by slot. */
  reportsBySlot(query: Omit<CellQuery, 'partOf'>): Promise<SlotReports[]>;
  /** Devices by version × backend × device class and UTC day. */
  deviceDays(query: DeviceDayQuery): Promise<DeviceDays[]>;
  /** What drift and verdicts need: a row for each hour, unit and cohort. */
  cohorts(query: CohortQuery): Promise<CohortRow[]>;
  /**
   * The same, those of one UTC day, unit and cohort added up, with the first hour of them. Where hours of a day are kept no
   * longer, all of the day is in it.
   */
  cohortDays(query: CohortQuery): Promise<CohortRow[]>;
  /** What parts of the fleet saw: a row for each hour and series. */
  segments(query: SegmentQuery): Promise<SegmentRow[]>;
  /** Versions that a rollout has put installs on, by experiment. */
  rollouts(model: string): Promise<Rollout[]>;
  /** What was written down of a model's versions, in order of time. */
  releases(model: string): Promise<Release[]>;
  /** Versions by the start of the first hour in which they reported, of what is kept. */
  firstReports(model: string): Promise<FirstReport[]>;
  /** Everything ever counted, the series that reported last first; pruning takes nothing from it. */
  totals(): Promise<Totals[]>;
}

const MINUTE_MS = 60_000;

/** Lengths of cells, and how long they are kept; a range is read from the longest that fits it. */
export const CELL_LENGTHS = [
  /** A month and some. */
  { ms: 5 * MINUTE_MS, days: 35 },
  /** Thirteen months, so that a month can be held against last year's. */
  { ms: 60 * MINUTE_MS, days: 400 },
  { ms: 360 * MINUTE_MS, days: 400 },
  { ms: 1440 * MINUTE_MS, days: 400 },
] as const;

export const RETENTION = Object.freeze({
  /** Ids, from their arrival. An older report is refused, so that nothing is ever counted twice. */
  seenDays: 30,
  cellDays: 35,
  hourDays: 400,
  /** Hours by cohort; then their days. */
  cohortDays: 35,
  cohortDayDays: 400,
  /** But for what was said last of each version. */
  releaseDays: 400,
  /** Of all models. */
  traces: 10_000,
  traceDays: 7,
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
  /** Slots start at multiples of this. */
  readonly stepMs: number;
  /** Groups of the same part are added up; left out: all are. */
  readonly partOf?: (group: Group) => string;
}

export interface SumQuery extends Omit<CellQuery, 'stepMs' | 'partOf'> {
  /** Beside that of latency, which is in the cells. */
  readonly histograms: readonly HistogramPath[];
}

/** A dimension cell: the unit that is shown or suppressed. */
export interface Group {
  readonly version: string;
  readonly backend: string;
  readonly device: string;
}

export interface Cell {
  readonly part: string;
  readonly slotMs: number;
  readonly reports: number;
  readonly ok: number;
  readonly failed: number;
  /** (ok + failed) × sampling weight. */
  readonly weighted: number;
  /** Call → result, ms, at scale 3. */
  readonly duration: Histogram;
}

/** fromMs ≤ hour < toMs. */
export interface CohortQuery {
  readonly model: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** Rows of one version alone; of one experiment alone, whatever served. */
  readonly version?: string;
  readonly experiment?: string;
}

export interface GroupSums extends Group {
  /** Without histograms, and without what the cells have. */
  readonly counts: Counts;
  readonly histograms: ReadonlyMap<HistogramPath, Histogram>;
}

export interface SlotReports {
  readonly slotMs: number;
  readonly reports: number;
}

/** Both days included. */
export interface DeviceDayQuery {
  readonly model: string;
  readonly fromDay: number;
  readonly toDay: number;
}

export interface DeviceDays extends Group {
  readonly day: number;
  readonly devices: number;
}

export interface CohortRow {
  readonly unit: Unit;
  readonly hourMs: number;
  readonly cohort: number;
  readonly counts: Counts;
}

/** fromMs ≤ hour < toMs, of one version. */
export interface SegmentQuery {
  readonly model: string;
  readonly version: string;
  readonly fromMs: number;
  readonly toMs: number;
}

export interface SegmentRow extends Group {
  readonly hourMs: number;
  readonly counts: SegmentCounts;
}

export interface Rollout {
  readonly version: string;
  readonly experiment: string;
}

/** What is known of a version now. */
export interface VersionState {
  readonly model: string;
  readonly version: string;
  readonly state: 'canary' | 'stable' | 'revoked';
  /** Installs whose bucket is in [fromBps, toBps) are to have it. */
  readonly rollout: { readonly fromBps: number; readonly toBps: number } | null;
}

/** What was known of a version from then on. */
export interface Release extends Omit<VersionState, 'model'> {
  readonly atMs: number;
}

export interface FirstReport {
  readonly version: string;
  readonly hourMs: number;
}

export interface Totals extends Series {
  readonly counts: LifetimeCounts;
}
