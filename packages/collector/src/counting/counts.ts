import {
  addToBucket,
  createHistogram,
  HISTOGRAM_SCALES,
  type Histogram,
  type HistogramJson,
  type HistogramPath,
} from '@nearside/core';
import type { Unit } from './known-names.js';
import { addSums, type Sums } from './sums.js';

/** Counts by code or name. */
export type ByName = Record<string, number>;

/** An exponential histogram at the scale of its path: zeros, sum, counts by bucket. */
export interface KeptHistogram {
  z: number;
  sum: number;
  b: ByName;
}

/** Attempts, and how they ended. */
interface Tried {
  ok?: number;
  failed?: ByName;
  dropped?: number;
}

/** Runs of reports with the same name. */
export interface NamedCounts {
  ok?: number;
  failed?: number;
  /** Σ call → result. */
  ms?: number;
  /** Devices, each once a UTC day and version. */
  deviceDays?: number;
}

/** The app says which release it is. */
export interface AppCounts extends NamedCounts {
  reports?: number;
  opens?: number;
  openFailed?: number;
  /** Values that were missing, stale or invalid, by position of the feature. */
  inputs?: ByName;
}

/** Observations by baseline, position of the distribution, and bin. */
type DriftCounts = Record<string, number[][]>;

/**
 * The sums of any number of reports. Two records are merged in either order with the same result. Fields that are zero
 * are left out.
 */
export interface Counts {
  reports?: number;
  ok?: number;
  /** Failed calls of all codes. */
  failed?: number;
  /** Reports with calls that ended, and Σ of the failed ‰ of each: so many calls of one device count as one report. */
  used?: number;
  failedPerMille?: number;
  /** Σ (ok + failed) × sampling weight: an estimate for the whole fleet. */
  weighted?: number;
  aborted?: number;
  errors?: ByName;
  invalid?: ByName;
  fallbacks?: number;
  bytes?: number;
  busyMs?: number;
  /** Runs that waited for a load. Rows whose histograms are not kept have it. */
  cold?: number;
  /** `backend variant code` */
  quarantines?: ByName;
  opens?: { tried?: number; failed?: ByName };
  score?: Tried;
  stream?: Tried;
  histograms?: Partial<Record<HistogramPath, KeptHistogram>>;
  /** Largest heaps of windows, by the exponent of the next power of two in bytes. */
  heap?: ByName;
  /** Devices whose report was the first of something, by name of that. */
  firsts?: ByName;
  /** `arm-day` and `arm-day-failed` by the version that an install is to have. */
  assigned?: Record<string, ByName>;
  apps?: Record<string, AppCounts>;
  /** By release of Nearside. */
  libraries?: Record<string, NamedCounts>;
  loss?: ByName;
  /** By position of the feature. */
  inputs?: Record<string, { missing?: number; stale?: number; invalid?: number }>;
  /** By the version that was tried. */
  updates?: Record<string, { installed?: number; failed?: ByName; rolledBack?: ByName }>;
  drift?: DriftCounts;
  /** By device class and backend. Only rows by cohort have it, and in them alone is what was observed. */
  parts?: Record<string, PartCounts>;
  /** By age in days. */
  feedback?: Record<string, FeedbackCounts>;
  unmatched?: number;
  outcomes?: Record<string, { n: number; sum: number; squares: number }>;
  /** By the version that ran beside. */
  shadow?: Record<string, ShadowCounts>;
}

/** Counts of the devices of a class with a backend. Those of a rollout's sides have what verdicts need. */
export type PartCounts = Pick<
  Counts,
  'drift' | 'ok' | 'failed' | 'opens' | 'updates' | 'outcomes' | 'firsts' | 'histograms'
>;

/** Names a part in `parts`. Neither name has a blank. */
export function partKey({ device, backend }: Part): string {
  return `${device} ${backend}`;
}

export function partOfKey(key: string): Part {
  const [device = '', backend = ''] = key.split(' ');
  return { device, backend };
}

export interface Part {
  readonly device: string;
  readonly backend: string;
}

/** Runs of the version that serves and of one beside it. Sums of the latter less the former. */
export interface ShadowCounts {
  n: number;
  agreements: number;
  latency: number;
  latencySquares: number;
  errors: number;
  /** By bin of confidence of the version that serves. */
  bins?: Record<string, { n: number; agreements: number }>;
}

interface FeedbackCounts {
  /** By bin of confidence. */
  bins?: Record<string, { n: number; correct: number }>;
  /** `actual predicted`, by position. */
  confusion?: ByName;
  values?: { n: number; error: number; absolute: number; squares: number };
}

export function addCounts(counts: Counts, more: Counts): void {
  addSums(counts as Sums, more as Sums);
}

/** A cell does not keep these. They are asked by cohort or by segment. */
const BY_COHORT_ONLY = ['drift', 'feedback', 'unmatched', 'shadow', 'outcomes'] as const;

export function cellCounts(counts: Counts): Counts {
  const kept: Counts = { ...counts };
  for (const name of BY_COHORT_ONLY) delete kept[name];
  return kept;
}

/** Observations of an hour and series, and of releases of the app. They show which part of a fleet drifts. */
export interface SegmentCounts {
  drift?: DriftCounts;
  firsts?: ByName;
  apps?: Record<string, { drift?: DriftCounts; firsts?: ByName }>;
}

/** @returns undefined where a report observed nothing */
export function segmentCounts({ drift, firsts, apps = {} }: Counts): SegmentCounts | undefined {
  if (!drift) return undefined;
  const own = { drift, ...(firsts && { firsts }) };
  return { ...own, apps: Object.fromEntries(Object.keys(apps).map((app) => [app, own])) };
}

/**
 * Keeps the counts that drift and verdicts need.
 *
 * @param part of the fleet that was counted
 * @param unit under which it was counted
 */
export function cohortCounts(
  counts: Counts,
  { part, unit }: { part: Part; unit: Pick<Unit, 'arm'> },
): Counts {
  const { drift, reports, ok, failed, aborted, fallbacks, busyMs, opens, firsts } = counts;
  const { feedback, unmatched, updates, shadow, outcomes } = counts;
  const figures = { reports, ok, failed, aborted, fallbacks, busyMs, opens, firsts };
  const kept = { ...figures, feedback, unmatched, updates, shadow, outcomes } as Counts;
  const cold = countIn(counts.histograms?.['health.coldRuns']);
  if (cold > 0) kept.cold = cold;
  const total = counts.histograms?.['latency.total'];
  if (total) kept.histograms = { 'latency.total': total };
  const ofSide = COMPARED.has(unit.arm) ? sideCounts(kept) : undefined;
  if (drift || ofSide) kept.parts = { [partKey(part)]: { ...ofSide, ...(drift && { drift }) } };
  return kept;
}

/** The sides of a rollout, which are compared part by part too. */
const COMPARED = new Set(['canary', 'control']);

function sideCounts({
  ok,
  failed,
  opens,
  updates,
  outcomes,
  firsts,
  histograms,
}: Counts): PartCounts {
  const ofArm = Object.entries(firsts ?? {}).filter(([name]) => name.startsWith('arm'));
  const counts = { ok, failed, opens, updates, outcomes, histograms } as PartCounts;
  return ofArm.length > 0 ? { ...counts, firsts: Object.fromEntries(ofArm) } : counts;
}

/** `/metrics` shows these counts, and they are never pruned. */
export interface LifetimeCounts {
  /** Counts of reports that came in time. Objectives are held against these. */
  punctual?: Counts;
  /** Counts of reports that came an hour late or later. */
  late?: { reports?: number; ok?: number; failed?: number };
  /** Counts of both. */
  firsts?: ByName;
  loss?: ByName;
}

export function lifetimeCounts(counts: Counts, isLate: boolean): LifetimeCounts {
  const { reports, ok, failed, firsts, loss } = counts;
  const both = { firsts, loss } as LifetimeCounts;
  if (isLate) return { ...both, late: { reports, ok, failed } as LifetimeCounts['late'] };
  const { used, failedPerMille, aborted, errors, invalid, fallbacks, opens } = counts;
  const { bytes, quarantines, updates } = counts;
  const histograms: Counts['histograms'] = {};
  for (const path of ['latency.total', 'opens.network', 'opens.store'] as const) {
    const histogram = counts.histograms?.[path];
    if (histogram) histograms[path] = histogram;
  }
  const cold = countIn(counts.histograms?.['health.coldRuns']);
  const calls = { reports, used, failedPerMille, ok, failed, aborted, errors, invalid, fallbacks };
  const starts = { opens, histograms, bytes, quarantines, updates, ...(cold > 0 && { cold }) };
  return { ...both, punctual: { ...calls, ...starts } as Counts };
}

/** Folds a histogram of a device to the scale at which its path is kept. */
export function keptHistogram(path: HistogramPath, json: HistogramJson): KeptHistogram {
  const fold = 2 ** (json.s - HISTOGRAM_SCALES[path]);
  const buckets: ByName = {};
  for (const [i, n] of json.c.entries()) {
    if (n === 0) continue;
    const index = Math.floor((json.o + i) / fold);
    buckets[index] = (buckets[index] ?? 0) + n;
  }
  return { z: json.z, sum: json.sum, b: buckets };
}

/** Makes the histogram of call → result that core computes with. */
export function latencyOf({ histograms }: Counts): Histogram {
  const histogram = createHistogram(HISTOGRAM_SCALES['latency.total']);
  const kept = histograms?.['latency.total'];
  if (!kept) return histogram;
  Object.assign(histogram, { zeros: kept.z, sum: kept.sum });
  for (const [index, n] of Object.entries(kept.b)) addToBucket(histogram, Number(index), n);
  return histogram;
}

export function sumOf(byName: Readonly<ByName> | undefined): number {
  let sum = 0;
  for (const n of Object.values(byName ?? {})) sum += n;
  return sum;
}

/** Number of values counted. */
export function countIn(kept: KeptHistogram | undefined): number {
  return kept ? kept.z + sumOf(kept.b) : 0;
}
