import {
  createHistogram,
  HISTOGRAM_SCALES,
  type Histogram,
  merge,
  quantile,
  total,
} from '@nearside/core';
import type { Counts } from '../counting/counts.js';
import { BUCKET_MS, HOUR_MS } from '../counting/time.js';
import type { ModelTargets } from '../files/targets.js';
import {
  isMissByFew,
  type RatioSums,
  ratioFigureOf,
  varianceOf,
} from '../statistics/cohort-ratio.js';
import { tQuantile } from '../statistics/distributions.js';
import { type Figure, sixDigits, TAIL } from '../statistics/figure.js';
import { bucketOf, quantileInterval } from '../statistics/quantile-interval.js';
import type { CohortRow, ModelRange, RollupReads } from '../store/rollup-store.js';
import {
  devicesOnBusiestDay,
  latencyByCohort,
  ratioByCohort,
  readCohortDays,
} from './cohort-rows.js';
import { compareVersions } from './compare-versions.js';
import { devicesByVersion } from './devices-by-version.js';
import { type FleetQuery, REPORTED_MS } from './query.js';
import { countUpTo, targetBound, WITHIN_P95 } from './target-bound.js';

/** Answer of `GET /v1/fleet/service`: is a version fast, and does it succeed? Each figure has its interval. */
export interface FleetService extends ModelRange {
  readonly minDevices: number;
  readonly targets: ModelTargets;
  /** Newest first. Versions with fewer devices than the floor are left out. */
  readonly versions: readonly VersionService[];
}

export interface VersionService {
  readonly version: string;
  /** On the busiest UTC day of the range. */
  readonly devices: number;
  /** Call → result, ms. */
  readonly p50Ms: Figure;
  readonly p95Ms: Figure;
  readonly p99Ms: Figure;
  /** Share of results within the target for P95, on the bound of a bucket. */
  readonly withinTarget: Figure;
  /** Results ÷ (results + errors). Aborted calls and bad input are neither. */
  readonly success: Figure;
  /** Runs that waited for a load ÷ runs. */
  readonly coldStarts: Figure;
  /** Σ time in which workers ran the model ÷ time of the reports' windows. */
  readonly busy: Figure;
  /** Device-days without a failed run, of installs that a rollout put on this version. */
  readonly errorFreeDevices: Figure;
  /** Runs per hour. */
  readonly perHour: number;
  /** A missed target would be met without the four cohorts with most of what misses it. */
  readonly madeByFew: { readonly success: boolean; readonly latency: boolean };
}

const SCALE = HISTOGRAM_SCALES['latency.total'];

export async function fleetService(
  store: RollupReads,
  query: FleetQuery,
  { targets, minDevices }: { targets: ModelTargets; minDevices: number },
): Promise<FleetService> {
  const { model, fromMs, toMs } = query;
  const devices = await devicesByVersion(store, query);
  const rows = await readCohortDays(store, { model, fromMs, toMs });
  const versions = [...devices]
    .filter(([, count]) => count >= minDevices)
    .map(([version, count]) =>
      versionService(rows, { version, devices: count, query, targets, minDevices }),
    )
    .sort((a, b) => compareVersions(b.version, a.version));
  return { model, fromMs, toMs, minDevices, targets, versions };
}

interface Asked {
  readonly version: string;
  readonly devices: number;
  readonly query: FleetQuery;
  readonly targets: ModelTargets;
  readonly minDevices: number;
}

function versionService(
  rows: readonly CohortRow[],
  { version, devices, query, targets, minDevices }: Asked,
): VersionService {
  const own = rows.filter(({ unit }) => unit.version === version);
  const assigned = rows.filter(({ unit }) => unit.assigned === version);
  const latencies = latencyByCohort(own);
  const { index } = targetBound(targets.p95Ms);
  const withinTarget = latencies.map((one) => ({ part: countUpTo(one, index), whole: total(one) }));
  const success = ratioByCohort(own, ({ counts: { ok = 0, failed = 0 } }) => ({
    part: ok,
    whole: ok + failed,
  }));
  const share = (sums: (counts: Counts) => RatioSums) =>
    ratioFigureOf(
      ratioByCohort(own, ({ counts }) => sums(counts)),
      devices,
    );
  const runs = own.reduce((sum, { counts: { ok = 0, failed = 0 } }) => sum + ok + failed, 0);
  return {
    version,
    devices,
    p50Ms: quantileFigure(latencies, 0.5, devices),
    p95Ms: quantileFigure(latencies, 0.95, devices),
    p99Ms: quantileFigure(latencies, 0.99, devices),
    withinTarget: ratioFigureOf(withinTarget, devices),
    success: ratioFigureOf(success, devices),
    coldStarts: share(({ ok = 0, cold = 0 }) => ({ part: cold, whole: ok })),
    busy: share(({ busyMs = 0, reports = 0 }) => ({
      part: busyMs,
      whole: reports * BUCKET_MS,
    })),
    errorFreeDevices: errorFree(assigned, minDevices),
    perHour: sixDigits((runs * HOUR_MS) / rowsMs(query)),
    madeByFew: {
      success: isMissByFew(success, { devices, target: targets.successRate }),
      latency: isMissByFew(withinTarget, { devices, target: WITHIN_P95 }),
    },
  };
}

/** Returns the time that rows cover. They have the whole hour in which a range ends, or that hour until now. */
function rowsMs({ fromMs, toMs }: FleetQuery): number {
  return Math.min(Math.ceil(toMs / HOUR_MS) * HOUR_MS, toMs + REPORTED_MS) - fromMs;
}

/** Counts installs that a rollout put on a version, whatever served them. */
function errorFree(assigned: readonly CohortRow[], minDevices: number): Figure {
  const devices = devicesOnBusiestDay(assigned);
  const days = ratioByCohort(devices < minDevices ? [] : assigned, ({ counts: { firsts } }) => {
    const whole = firsts?.['arm-day'] ?? 0;
    return { part: whole - (firsts?.['arm-day-failed'] ?? 0), whole };
  });
  return ratioFigureOf(days, devices);
}

/** Makes the figure of a quantile. The cohorts give the interval of its share. */
function quantileFigure(cohorts: readonly Histogram[], q: number, devices: number): Figure {
  const all = createHistogram(SCALE);
  for (const one of cohorts) merge(all, one);
  const [n, value] = [total(all), quantile(all, q)];
  const origin = { n, devices, method: 'cohort-quantile' as const, estimated: false };
  if (value === undefined) return { value: null, low: null, high: null, ...origin };
  const index = bucketOf(all, q);
  const below = countUpTo(all, index) / n;
  const counted = cohorts.filter((one) => total(one) > 0);
  const { variance, degrees } = varianceOf(
    counted.map((one) => (countUpTo(one, index) - below * total(one)) / n),
  );
  const radius = tQuantile(TAIL, degrees) * Math.sqrt(Math.max(variance, (q * (1 - q)) / n));
  const { low, high } = quantileInterval(all, { q, radius, scale: SCALE });
  return { value: sixDigits(value), low: sixDigits(low), high: sixDigits(high), ...origin };
}
