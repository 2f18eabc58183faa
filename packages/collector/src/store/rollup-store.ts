import type { Histogram, HistogramPath, ModelFacts, TraceSpan } from '@nearside/core';
import type { Contribution } from '../counting/contribution.js';
import type { Counts, LifetimeCounts, SegmentCounts } from '../counting/counts.js';
import type { KnownName, Series, Unit } from '../counting/known-names.js';
import { BUCKET_MS, DAY_MS, HOUR_MS } from '../counting/time.js';

/**
 * A store keeps counts. Every store passes `testing/store-conformance.ts`, `store-history.ts` and `store-crashes.ts`.
 *
 * Times are Unix ms. Every method rejects with NearsideError `store-unavailable` when the store cannot read or write.
 */
export interface RollupStore extends RollupReads {
  /**
   * Remembers (day, id) of each report and adds its counts, all of the batch or none. It resolves when that is on disk,
   * in the order of the batch. A (day, id) seen before changes nothing. When it rejects, the same call may be repeated.
   * An empty batch tests whether the store can write.
   */
  add(batch: readonly Contribution[]): Promise<Outcome[]>;
  /** Keeps the last `RETENTION.tracesOfModel` of each model on disk. A run that is there already changes nothing. */
  addTraces(traces: readonly RunTrace[], nowMs: number): Promise<void>;
  /** Traces of a model. The one that arrived last is first. */
  traces(query: TraceQuery): Promise<KeptTrace[]>;
  /**
   * Writes down facts about models, on disk, and each version whose state or rollout has changed since it was last
   * written down. Facts of an older revision than those that are there change nothing. It resolves with those that hold
   * now, for all that write to the store.
   */
  keepFacts(facts: ModelFacts, nowMs: number): Promise<ModelFacts>;
  /** The facts that hold. */
  facts(): Promise<ModelFacts | undefined>;
  /** Writes down, on disk, when findings were looked for and what has changed since the look before, all or none. */
  addLook(entries: readonly NewFindingEntry[], atMs: number): Promise<void>;
  /** Entries of which no notice was sent, the oldest first. */
  unsentFindings(limit: number): Promise<FindingEntry[]>;
  /** Notices of all entries up to this one were sent. */
  noteSent(n: number): Promise<void>;
  /** The names that have rows, until their counts are pruned. A restart begins with them. */
  names(): Promise<KnownName[]>;
  /** Makes all that was added before this call readable. It rejects where that takes too long. */
  settle(): Promise<void>;
  /**
   * Of all that write to a store one is its keeper. It alone prunes and looks for findings. One that ends is followed by
   * another within seconds.
   */
  isKeeper(): Promise<boolean>;
  /** Forgets old rows, in slices of less than 50 ms. Hours by cohort are first added to their day. */
  prune(nowMs: number): Promise<void>;
  /** Bytes that are left on its disk. Undefined where it has none of its own, or cannot know. */
  freeBytes(): Promise<number | undefined>;
  close(): Promise<void>;
}

export type Outcome = 'counted' | 'duplicate';

/** One run: its `inference`, and its stages behind it. */
export interface RunTrace {
  readonly model: string;
  readonly traceId: string;
  readonly spanId: string;
  /** It failed or was slow. */
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

/** The questions that a store answers. */
export interface RollupReads {
  /** Models with at least one cell, by name. */
  models(): Promise<ModelSummary[]>;
  /**
   * Calls of a time range by part × slot, with late ones. Bounds and step are multiples of a length in `CELL_LENGTHS`
   * that is kept for so long.
   */
  cells(query: CellQuery): Promise<Cell[]>;
  /** All that was counted in a time range, by version × backend × device class. */
  sums(query: SumQuery): Promise<GroupSums[]>;
  /** Reports of a time range by slot. */
  reportsBySlot(query: Omit<CellQuery, 'partOf'>): Promise<SlotReports[]>;
  /** Devices of a range of whole hours, each once an hour and version. Hours without any are left out. */
  devicesByHour(range: ModelRange): Promise<DevicesByHour[]>;
  /** Devices by version × backend × device class and UTC day. */
  deviceDays(query: DeviceDayQuery): Promise<DeviceDays[]>;
  /** A row for each hour, unit and cohort. Drift and verdicts need these. */
  cohorts(query: CohortQuery): Promise<CohortRow[]>;
  /**
   * A row for each UTC day, unit and cohort, with the first of its hours. Where the hours of a day are kept no longer,
   * the row is of the whole day.
   */
  cohortDays(query: CohortQuery): Promise<CohortRow[]>;
  /** A row for each hour and series, of what parts of the fleet saw. */
  segments(query: SegmentQuery): Promise<SegmentRow[]>;
  /** Versions that a rollout has put installs on, by experiment. */
  rollouts(model: string): Promise<Rollout[]>;
  /** All that was written down about a model's versions, in order of time. */
  releases(model: string): Promise<Release[]>;
  /** The start of the first hour in which each version reported, as far as hours are kept. */
  firstReports(model: string): Promise<FirstReport[]>;
  /** What was written down about a model in a range, in order, and before it the last entry of each subject. */
  findings(range: ModelRange): Promise<FindingEntry[]>;
  /** The last entry of each subject of all models, in order, and when findings were last looked for. */
  lastFindings(): Promise<LastFindings>;
  /** When findings were last looked for. Null before the first look. */
  lookedMs(): Promise<number | null>;
  /** Everything ever counted. The series that reported last is first. Pruning takes nothing from it. */
  totals(): Promise<Totals[]>;
}

/** Lengths of cells, and how long they are kept. A range is read from the longest cells that fit it. */
export const CELL_LENGTHS = [
  /** More than a month. */
  { ms: BUCKET_MS, days: 35 },
  /** Thirteen months, so that a month can be compared with last year's. */
  { ms: HOUR_MS, days: 400 },
  { ms: 6 * HOUR_MS, days: 400 },
  { ms: DAY_MS, days: 400 },
] as const;

export interface ModelSummary {
  readonly model: string;
  readonly versions: readonly string[];
  /** Start of the first UTC day that is kept. */
  readonly firstMs: number;
  /** Start of the newest cell. */
  readonly lastMs: number;
}

/** A range of time of a model: fromMs ≤ time < toMs. */
export interface ModelRange {
  readonly model: string;
  readonly fromMs: number;
  readonly toMs: number;
}

export interface CellQuery extends ModelRange {
  /** Slots start at multiples of this. */
  readonly stepMs: number;
  /** Groups of the same part are added up. Left out, all groups are. */
  readonly partOf?: (group: Group) => string;
}

export interface SumQuery extends ModelRange {
  /** Read beside the histogram of latency, which is in the cells. */
  readonly histograms: readonly HistogramPath[];
}

/** A group is shown or suppressed as a whole. */
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

export interface CohortQuery extends ModelRange {
  /** Only rows of this version, or of this experiment, whatever served. */
  readonly version?: string;
  readonly experiment?: string;
}

export interface GroupSums extends Group {
  /** These counts have no histograms, and nothing that cells have columns for. */
  readonly counts: Counts;
  readonly histograms: ReadonlyMap<HistogramPath, Histogram>;
}

export interface SlotReports {
  readonly slotMs: number;
  readonly reports: number;
}

export interface DevicesByHour {
  readonly hourMs: number;
  readonly devices: number;
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
  /** Start of the hour. In a row of a UTC day it is the start of its first hour, or of the day where hours are gone. */
  readonly hourMs: number;
  readonly cohort: number;
  readonly counts: Counts;
}

export interface SegmentQuery extends ModelRange {
  readonly version: string;
}

export interface SegmentRow extends Group {
  readonly hourMs: number;
  readonly counts: SegmentCounts;
}

export interface Rollout {
  readonly version: string;
  readonly experiment: string;
}

/** The present state of a version. */
export interface VersionState {
  readonly model: string;
  readonly version: string;
  readonly state: 'shadow' | 'canary' | 'stable' | 'revoked';
  /** Installs whose bucket is in [fromBps, toBps) are to have it. */
  readonly rollout: { readonly fromBps: number; readonly toBps: number } | null;
}

/** The state of a version from `atMs` on. */
export interface Release extends Omit<VersionState, 'model'> {
  readonly atMs: number;
}

/** Something that a look has found to begin, to end or to change. A subject is a model, version, kind and subject. */
export interface NewFindingEntry {
  readonly atMs: number;
  readonly model: string;
  /** Empty where it is of the whole model. */
  readonly version: string;
  readonly kind: string;
  /** What tells several of a kind apart: the name of a distribution, an experiment. Else empty. */
  readonly subject: string;
  /** `began` or `ended`; of a verdict what it is from now on. */
  readonly state: string;
  /** Revision of the facts about models by which it was judged. */
  readonly revision: number | null;
  /** Plain data: what was found, with its figures. */
  readonly figures: unknown;
}

/** An entry that was written down. Nothing changes it. */
export interface FindingEntry extends NewFindingEntry {
  /** Entries are numbered in the order in which they were written. */
  readonly n: number;
}

export interface LastFindings {
  /** Null before the first look. */
  readonly lookedMs: number | null;
  readonly entries: readonly FindingEntry[];
}

export interface FirstReport {
  readonly version: string;
  readonly hourMs: number;
}

export interface Totals extends Series {
  readonly counts: LifetimeCounts;
}
