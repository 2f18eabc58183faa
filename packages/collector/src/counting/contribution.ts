import type { Report } from '@nearside/core';
import type { Counts } from './counts.js';
import type { Series, Unit } from './known-names.js';
import type { Names } from './names.js';
import { reportCounts } from './report-counts.js';
import { BUCKET_MS, utcDay, windowStart } from './time.js';

/** Older than this on arrival is late: a PWA coming online must not page anybody. */
export const LATE_MS = 3_600_000;

/** What one report adds to a store: plain data, for any database. */
export interface Contribution {
  readonly id: string;
  /** UTC day of the window's start as sent. With `id`, the key that makes a resend harmless. */
  readonly day: number;
  readonly arrivedMs: number;
  /** By this collector's clock. */
  readonly bucketMs: number;
  readonly late: boolean;
  readonly series: Series;
  readonly unit: Unit;
  /** 0 … 63 */
  readonly cohort: number;
  readonly counts: Counts;
}

export function contributionOf(report: Report, arrivedMs: number, names: Names): Contribution {
  const ofModel = names.of(report.dimensions.model);
  const place = names.placeOf(report, ofModel);
  const startMs = windowStart(report, arrivedMs);
  return {
    id: report.id,
    day: utcDay(report.t0),
    arrivedMs,
    bucketMs: startMs - (startMs % BUCKET_MS),
    late: arrivedMs - startMs > LATE_MS,
    ...place,
    cohort: report.g,
    counts: reportCounts(report, ofModel, place.series.version),
  };
}
