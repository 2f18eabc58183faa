import type { BackendName, DeviceClass, ErrorCode, Histogram, Report } from '@nearside/core';
import { utcDay } from './days.js';
import { type HistogramName, keptHistogram, reportHistograms } from './report-histograms.js';

/** Reports are counted in buckets of their window's start; a device's window is as long. */
export const BUCKET_MS = 300_000;

/** Long ranges are read from cells of an hour: twelve times fewer. */
export const HOUR_MS = 3_600_000;

/** Older than this on arrival is late: a PWA coming online must not page anybody. */
export const LATE_MS = 3_600_000;

/** What a cell is a cell of, beside its bucket. */
export interface Series {
  readonly model: string;
  readonly version: string;
  readonly variant: string;
  readonly backend: BackendName;
  readonly device: DeviceClass;
  readonly arm: Report['dimensions']['arm'];
}

/**
 * What one report adds to the store: rows to insert or to add to, for any database. Every count
 * is what devices counted; `weight` is the inverse of their sampling rate.
 */
export interface Contribution {
  readonly id: string;
  /** UTC day of the window's start. With `id`, the key that makes a resend harmless. */
  readonly day: number;
  readonly series: Series;
  readonly bucketMs: number;
  readonly late: boolean;
  readonly weight: number;
  /** 1 for a device's first report of the day for this version, else 0. */
  readonly deviceDays: number;
  readonly ok: number;
  readonly aborted: number;
  readonly invalid: number;
  readonly coldStarts: number;
  readonly cacheHits: number;
  readonly fallbacks: number;
  readonly quarantines: number;
  readonly bytesFetched: number;
  readonly errors: readonly { readonly code: ErrorCode; readonly n: number }[];
  readonly histograms: readonly { readonly name: HistogramName; readonly histogram: Histogram }[];
  /** Predicted classes; an empty label stands for all others. */
  readonly classes: readonly { readonly label: string; readonly n: number }[];
  /** Bins of the baseline that `edges` names: bins of another baseline never mix with these. */
  readonly scores: readonly {
    readonly name: 'confidence' | 'entropy';
    readonly bin: number;
    readonly n: number;
  }[];
  readonly edges: string;
  readonly feedback: readonly {
    readonly bin: number;
    readonly n: number;
    readonly correct: number;
  }[];
}

/** @param nowMs when the report arrived */
export function contributionOf(report: Report, nowMs: number): Contribution {
  const { id, t0, first, dimensions, health, drift, feedback } = report;
  const { model, version, variant, backend, device, arm, weight } = dimensions;
  return {
    id,
    day: utcDay(t0),
    series: { model, version, variant, backend, device, arm },
    bucketMs: t0 - (t0 % BUCKET_MS),
    late: nowMs - t0 > LATE_MS,
    weight,
    deviceDays: first ? 1 : 0,
    ok: health.ok,
    aborted: health.aborted ?? 0,
    invalid: health.invalid ?? 0,
    coldStarts: health.coldStarts ?? 0,
    cacheHits: health.cacheHits ?? 0,
    fallbacks: health.fallbacks ?? 0,
    quarantines: health.quarantines ?? 0,
    bytesFetched: health.bytesFetched ?? 0,
    errors: positive(
      Object.entries(health.errors ?? {}).map(([code, n]) => ({ code: code as ErrorCode, n })),
    ),
    histograms: reportHistograms(report).map((histogram) => ({
      name: histogram.name,
      histogram: keptHistogram(histogram),
    })),
    classes: positive([
      ...Object.entries(drift?.classes ?? {}).map(([label, n]) => ({ label, n })),
      { label: '', n: drift?.otherClasses ?? 0 },
    ]),
    scores: positive([
      ...(drift?.confidence ?? []).map((n, bin) => ({ name: 'confidence' as const, bin, n })),
      ...(drift?.entropy ?? []).map((n, bin) => ({ name: 'entropy' as const, bin, n })),
    ]),
    edges: drift?.edges ?? '',
    feedback: positive((feedback?.bins ?? []).map(([n, correct], bin) => ({ bin, n, correct }))),
  };
}

/** Rows that would add nothing are not written. */
function positive<Row extends { readonly n: number }>(rows: readonly Row[]): Row[] {
  return rows.filter(({ n }) => n > 0);
}
