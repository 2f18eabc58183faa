import type { Report } from '@nearside/core';
import type { Counts } from './counts.js';
import type { Series, Unit } from './known-names.js';
import type { Names } from './names.js';
import { reportCounts } from './report-counts.js';
import { BUCKET_MS, utcDay, windowStart } from './time.js';

/** A report that is older on arrival is late. A PWA that comes online must not raise an alarm. */
export const LATE_MS = 3_600_000;

/** One report adds this to a store. It is plain data, for any database. */
export interface Contribution {
  readonly id: string;
  /** UTC day of the window's start, as sent. A report is known again by `day` and `id`. */
  readonly day: number;
  readonly arrivedMs: number;
  /** The collector's clock counts, and not the device's. */
  readonly bucketMs: number;
  readonly late: boolean;
  readonly series: Series;
  readonly unit: Unit;
  /** 0 … 63 */
  readonly cohort: number;
  readonly counts: Counts;
}

export function contributionOf(report: Report, arrivedMs: number, names: Names): Contribution {
  const ofModel = names.of(report.dimensions.model, { cohort: report.g, atMs: arrivedMs });
  const place = ofModel.placeOf(report);
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
