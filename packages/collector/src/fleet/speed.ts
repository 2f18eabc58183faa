import {
  createHistogram,
  HISTOGRAM_SCALES,
  type Histogram,
  merge,
  quantile,
  total,
} from '@nearside/core';
import { UNLISTED } from '../counting/name-rows.js';
import { tQuantile } from '../statistics/distributions.js';
import { type Figure, isThin, sixDigits, TAIL } from '../statistics/figure.js';
import { quantileInterval } from '../statistics/quantile-interval.js';
import type { Cell, Group, ModelRange, RollupReads } from '../store/rollup-store.js';
import { compareVersions } from './compare-versions.js';
import { onBusiestDay, readDeviceDays } from './devices-by-version.js';
import { grouped } from './grouping.js';
import type { FleetQuery } from './query.js';
import { shownGroups } from './shown-groups.js';

/** Answer of `GET /v1/fleet/speed`: is a release slower than an earlier one, and on which devices? */
export interface FleetSpeed extends ModelRange {
  readonly minDevices: number;
  /** Newest first. Groups of few devices are left out. */
  readonly versions: readonly VersionSpeed[];
}

export interface VersionSpeed {
  readonly version: string;
  /** The earlier version with the most results of this range. Null where no earlier one that is known by name ran. */
  readonly against: string | null;
  /** Classes of devices with most results first. */
  readonly devices: readonly DeviceSpeed[];
}

export interface DeviceSpeed {
  /** Class of devices. */
  readonly device: string;
  /** Call → result, ms. */
  readonly p50Ms: Figure;
  readonly p95Ms: Figure;
  /** One of both is above that of `against` on the same class: the whole interval is beyond the whole other one. */
  readonly isSlower: boolean;
}

const SCALE = HISTOGRAM_SCALES['latency.total'];

/** @param minDevices groups with fewer devices are left out */
export async function fleetSpeed(
  store: RollupReads,
  { model, fromMs, toMs, stepMs }: FleetQuery,
  { minDevices }: { minDevices: number },
): Promise<FleetSpeed> {
  const range = { model, fromMs, toMs };
  const groups = await store.sums({ ...range, histograms: [] });
  const days = await readDeviceDays(store, range);
  const isShown = shownGroups({ groups, days }, minDevices);
  const parts = partsOf(groups.filter((group) => group.version !== '' && isShown(group)));
  const cells = await store.cells({
    ...range,
    stepMs,
    partOf: (group) => (isShown(group) ? partName(group) : HIDDEN),
  });
  const cellsByPart = grouped(cells, ({ part }) => part);
  const measured = [...grouped(parts, ({ version }) => version)].map(([version, own]) => {
    const devices = own.map(({ device, name }): MeasuredDevice => {
      const histogram = latencyOf(cellsByPart.get(name) ?? []);
      const count = onBusiestDay(days.filter((day) => isShown(day) && partName(day) === name));
      return { device, ...quantileFigures(histogram, Math.max(1, count)) };
    });
    return { version, devices: devices.sort((a, b) => b.p50Ms.n - a.p50Ms.n) };
  });
  measured.sort((a, b) => compareVersions(b.version, a.version));
  return { ...range, minDevices, versions: measured.map((one) => compared(one, measured)) };
}

/** No version is called so. */
const HIDDEN = 'hidden';

/** Devices of a class with a version. */
type Part = Pick<Group, 'version' | 'device'>;

function partName({ version, device }: Part): string {
  return `${version} ${device}`;
}

function partsOf(groups: readonly Part[]): (Part & { readonly name: string })[] {
  const byName = new Map(groups.map((group) => [partName(group), group]));
  return [...byName].map(([name, { version, device }]) => ({ version, device, name }));
}

function latencyOf(cells: readonly Cell[]): Histogram {
  const all = createHistogram(SCALE);
  for (const { duration } of cells) merge(all, duration);
  return all;
}

type MeasuredDevice = Omit<DeviceSpeed, 'isSlower'>;

interface Measured {
  readonly version: string;
  readonly devices: readonly MeasuredDevice[];
}

function quantileFigures(
  histogram: Histogram,
  devices: number,
): Pick<MeasuredDevice, 'p50Ms' | 'p95Ms'> {
  return {
    p50Ms: quantileFigure(histogram, 0.5, devices),
    p95Ms: quantileFigure(histogram, 0.95, devices),
  };
}

/**
 * Makes the figure of a quantile. Each device counts as one observation, as if all its runs took as long: times by
 * class are not kept by cohort.
 */
function quantileFigure(histogram: Histogram, q: number, devices: number): Figure {
  const n = total(histogram);
  const origin = { n, devices, method: 'device-quantile' as const, estimated: false };
  const value = quantile(histogram, q);
  if (value === undefined) return { value: null, low: null, high: null, ...origin };
  const radius = tQuantile(TAIL, Math.max(1, devices - 1)) * Math.sqrt((q * (1 - q)) / devices);
  const { low, high } = quantileInterval(histogram, { q, radius, scale: SCALE });
  return { value: sixDigits(value), low: sixDigits(low), high: sixDigits(high), ...origin };
}

function compared({ version, devices }: Measured, all: readonly Measured[]): VersionSpeed {
  const [against] = all
    // the versions that have no row of their own may be later ones
    .filter((one) => one.version !== UNLISTED && compareVersions(one.version, version) < 0)
    .toSorted((a, b) => resultsOf(b) - resultsOf(a));
  return {
    version,
    against: against?.version ?? null,
    devices: devices.map((own) => {
      const other = against?.devices.find(({ device }) => device === own.device);
      const isSlower =
        other !== undefined && (isAbove(own.p50Ms, other.p50Ms) || isAbove(own.p95Ms, other.p95Ms));
      return { ...own, isSlower };
    }),
  };
}

function resultsOf({ devices }: Measured): number {
  return devices.reduce((sum, { p50Ms }) => sum + p50Ms.n, 0);
}

function isAbove(own: Figure, other: Figure): boolean {
  if (isThin(own) || isThin(other) || own.low === null || other.high === null) return false;
  return own.low > other.high;
}
