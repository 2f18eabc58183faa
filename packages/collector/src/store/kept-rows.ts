import type { Counts, LifetimeCounts, SegmentCounts } from '../counting/counts.js';
import { addSums, type Sums } from '../counting/sums.js';
import { HOUR_MS } from '../counting/time.js';
import { addPacked, packHistograms } from './packed-histograms.js';

/** Counts as JSON, and their histograms packed. */
export interface CountsRow {
  readonly counts: string;
  readonly histograms: Uint8Array;
}

/** A cell. What every chart asks stands before the rest, and so does the histogram of latency. */
export interface CellRow extends CountsRow {
  readonly reports: number;
  readonly ok: number;
  readonly failed: number;
  readonly weighted: number;
  readonly devices: number;
  readonly latency: Uint8Array;
}

/**
 * Adds counts to a cell of this length. The caller must not use `counts` again.
 *
 * @returns reports, ok, failed, weighted, devices, latency, counts, histograms
 */
export function addToCell(
  found: CellRow | undefined,
  counts: Counts,
  lengthMs: number,
): (number | string | Uint8Array)[] {
  const { reports = 0, ok = 0, failed = 0, weighted = 0, histograms = {}, ...rest } = counts;
  // a device is counted once an hour in cells of hours, and once a UTC day in others
  const devices = counts.firsts?.[lengthMs === HOUR_MS ? 'version-hour' : 'version-day'] ?? 0;
  const { 'latency.total': latency, ...others } = histograms;
  const total = latency ? { 'latency.total': latency } : {};
  if (found) {
    addPacked(total, found.latency);
    addPacked(others, found.histograms);
  }
  return [
    reports + (found?.reports ?? 0),
    ok + (found?.ok ?? 0),
    failed + (found?.failed ?? 0),
    weighted + (found?.weighted ?? 0),
    devices + (found?.devices ?? 0),
    packHistograms(total),
    addToJson(found?.counts, rest),
    packHistograms(others),
  ];
}

/** Adds counts to a row by cohort. The caller must not use `counts` again. */
export function addToCounts(
  found: CountsRow | undefined,
  { histograms = {}, ...rest }: Counts,
): [counts: string, histograms: Uint8Array] {
  if (found) addPacked(histograms, found.histograms);
  return [addToJson(found?.counts, rest), packHistograms(histograms)];
}

/** Adds counts to a row that is JSON alone. */
export function addToJson(
  found: string | undefined,
  counts: Counts | SegmentCounts | LifetimeCounts,
): string {
  if (found === undefined) return JSON.stringify(counts);
  const sums = JSON.parse(found) as Sums;
  addSums(sums, counts as Sums);
  return JSON.stringify(sums);
}

/** Returns the counts of a row by cohort. */
export function countsOf({ counts, histograms }: CountsRow): Counts {
  const all = JSON.parse(counts) as Counts;
  const unpacked = {};
  addPacked(unpacked, histograms);
  return { ...all, histograms: unpacked };
}
