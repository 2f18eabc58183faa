import {
  createHistogram,
  HISTOGRAM_SCALES,
  type Histogram,
  type HistogramPath,
  merge,
  quantile,
  total,
} from '@nearside/core';
import type { ByName } from '../counting/counts.js';
import { DAY_MS } from '../counting/time.js';
import { sixDigits } from '../statistics/figure.js';
import type {
  Cell,
  DeviceDays,
  Group,
  GroupSums,
  ModelRange,
  RollupReads,
} from '../store/rollup-store.js';
import { compareVersions } from './compare-versions.js';
import { onBusiestDay, readDeviceDays } from './devices-by-version.js';
import { byFrequency, grouped } from './grouping.js';
import type { FleetQuery } from './query.js';
import { isAskedFor, shownGroups } from './shown-groups.js';

/** Stages of an inference, in their order. */
const STAGES = ['queue', 'pre', 'run', 'post'] as const;
type Stage = (typeof STAGES)[number];

/** These are read for the range as a whole. */
const WHOLE_RANGE: readonly HistogramPath[] = [
  ...STAGES.map((stage) => `latency.${stage}` as const),
  'opens.network',
  'opens.store',
  'opens.rest',
];

/** Answer of `GET /v1/fleet/latency`. Rates and percentiles are null where nothing was counted. */
export interface FleetLatency extends ModelRange {
  readonly stepMs: number;
  /** Groups of fewer devices are suppressed. */
  readonly minDevices: number;
  /** Groups (version × device class × backend) that `versions` leaves out: small ones, and those that hide them. */
  readonly suppressed: number;
  /** Figures of the whole model, without filters and with the suppressed groups. */
  readonly total: Figures;
  /** Figures of the filtered groups, without the suppressed ones. Null without a filter. */
  readonly selected: Figures | null;
  /** Newest first. Filters apply. */
  readonly versions: readonly VersionFigures[];
  /** Segments that can be asked for alone: `device:phone`, `backend:onnx-wasm`. */
  readonly segments: readonly string[];
  /** Reports of the whole model a day before. `atMs` is the step a day later. */
  readonly dayBefore: readonly { readonly atMs: number; readonly reports: number }[];
}

export interface VersionFigures extends Figures {
  /** Empty for reports before a version was known. `unlisted` for versions without rows. */
  readonly version: string;
  readonly suppressed: number;
  /** Share of the model's devices on the newest day of the range that have this version, 0 … 1. */
  readonly adoption: number | null;
  /**
   * Share of device-days without a failed call, 0 … 1, of installs that a rollout put on this version. Null where no
   * rollout assigns it.
   */
  readonly errorFreeDevices: number | null;
}

/** Calls of `open`, and the time until a model was ready. */
export interface OpenFigures {
  readonly tried: number;
  /** Opens with bytes from the network, and from the store. */
  readonly network: number;
  readonly store: number;
  /** Returns from rest, which are not calls. */
  readonly rest: number;
  /** Failures by code, the most frequent first. */
  readonly failed: Readonly<Record<string, number>>;
  /** Within ±8.6 %. */
  readonly networkP95Ms: number | null;
  readonly storeP95Ms: number | null;
}

/** Figures of any number of calls. */
interface CallFigures {
  readonly reports: number;
  /** Inferences with a result or an error, as devices counted them. */
  readonly count: number;
  /** Share of `count` that ended in a result, 0 … 1. */
  readonly successRate: number | null;
  /** Call → result, within ±4.33 %. */
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
}

export interface Figures extends CallFigures {
  /** Devices on the busiest UTC day that the range touches. */
  readonly devices: number;
  /** Estimate for the whole fleet: Σ count × sampling weight. */
  readonly estimatedCount: number;
  /** Failures by code, the most frequent first. */
  readonly errors: Readonly<Record<string, number>>;
  readonly opens: OpenFigures;
  /** Within ±8.6 %. A stage that nobody measured is left out. */
  readonly stages: Readonly<Partial<Record<Stage, { p50Ms: number; p95Ms: number }>>>;
  /** Steps with reports, in order of time. */
  readonly series: readonly FleetPoint[];
}

export interface FleetPoint extends CallFigures {
  /** Start of the step. */
  readonly atMs: number;
}

/** @param minDevices groups with fewer devices are suppressed */
export async function fleetLatency(
  store: RollupReads,
  query: FleetQuery,
  minDevices: number,
): Promise<FleetLatency> {
  const { model, fromMs, toMs, stepMs } = query;
  const [whole, days] = await Promise.all([
    store.sums({ model, fromMs, toMs, histograms: WHOLE_RANGE }),
    readDeviceDays(store, { model, fromMs, toMs }),
  ]);
  const isLarge = shownGroups({ groups: whole, days }, minDevices);
  const isAsked = (group: Group) => isAskedFor(query, group);
  const isShown = (group: Group) => isAsked(group) && isLarge(group);
  // the shown groups of a version are a part of their own, and all others are only in the total
  const cells = await store.cells({
    model,
    fromMs,
    toMs,
    stepMs,
    partOf: (group) => (isShown(group) ? group.version : HIDDEN),
  });
  const all: Counts = { cells, whole, days };
  const versions = [...new Set(whole.filter(isAsked).map(({ version }) => version))]
    .sort((a, b) => compareVersions(b, a))
    .map((version) => versionFigures(version, { all, isAsked, isShown, minDevices }));
  return {
    model,
    fromMs,
    toMs,
    stepMs,
    minDevices,
    suppressed: versions.reduce((sum, { suppressed }) => sum + suppressed, 0),
    total: figures(all),
    selected: isFiltered(query) ? figures(visibleOf(all, isShown)) : null,
    versions,
    segments: segmentsOf(whole.filter(isLarge)),
    dayBefore: await readDayBefore(store, query),
  };
}

function isFiltered({ version, backend, device }: FleetQuery): boolean {
  return version !== undefined || backend !== undefined || device !== undefined;
}

function segmentsOf(groups: readonly Group[]): string[] {
  const named = (dimension: 'device' | 'backend') =>
    groups
      .filter((group) => group[dimension] !== '')
      .map((group) => `${dimension}:${group[dimension]}`);
  return [...new Set([...named('device').sort(), ...named('backend').sort()])];
}

function visibleOf({ cells, whole, days }: Counts, isShown: (group: Group) => boolean): Counts {
  return {
    cells: cells.filter(({ part }) => part !== HIDDEN),
    whole: whole.filter(isShown),
    days: days.filter(isShown),
  };
}

/** No version is called so. */
const HIDDEN = 'hidden';

/** The counts of a range. */
interface Counts {
  /** Cells by step. */
  readonly cells: readonly Cell[];
  /** Sums of the whole range. */
  readonly whole: readonly GroupSums[];
  readonly days: readonly DeviceDays[];
}

async function readDayBefore(
  store: RollupReads,
  { model, fromMs, toMs, stepMs }: FleetQuery,
): Promise<FleetLatency['dayBefore']> {
  // a step of days has no hour to be compared with
  if (stepMs >= DAY_MS) return [];
  const range = { fromMs: fromMs - DAY_MS, toMs: toMs - DAY_MS, stepMs };
  const slots = await store.reportsBySlot({ model, ...range });
  return slots.map(({ slotMs, reports }) => ({ atMs: slotMs + DAY_MS, reports }));
}

interface Selection {
  readonly all: Counts;
  readonly isAsked: (group: Group) => boolean;
  readonly isShown: (group: Group) => boolean;
  readonly minDevices: number;
}

function versionFigures(
  version: string,
  { all, isAsked, isShown, minDevices }: Selection,
): VersionFigures {
  const isOwn = (group: Group) => group.version === version;
  const own = { ...all, cells: all.cells.filter(({ part }) => part === version) };
  const visible = visibleOf(own, (group) => isOwn(group) && isShown(group));
  const groups = all.whole.filter((group) => isOwn(group) && isAsked(group));
  const isVisible = visible.whole.length > 0;
  return {
    version,
    suppressed: groups.length - visible.whole.length,
    adoption: isVisible ? adoption(visible, all) : null,
    errorFreeDevices: isVisible ? errorFree(all, version, minDevices) : null,
    ...figures(visible),
  };
}

function adoption({ days }: Counts, all: Counts): number | null {
  const newest = Math.max(...all.days.map(({ day }) => day));
  const devices = (list: readonly DeviceDays[]) =>
    sum(list, (one) => (one.day === newest ? one.devices : 0));
  const whole = devices(all.days);
  return whole === 0 ? null : devices(days) / whole;
}

/** Counts by the version that an install is to have, because a version that does not start is not free of errors. */
function errorFree({ whole, days }: Counts, version: string, minDevices: number): number | null {
  const firsts = whole.map(({ counts }): ByName => counts.assigned?.[version] ?? {});
  const deviceDays = sum(firsts, (first) => first['arm-day'] ?? 0);
  // a device that comes every day is one device
  const devices = deviceDays / Math.max(1, new Set(days.map(({ day }) => day)).size);
  const failed = sum(firsts, (first) => first['arm-day-failed'] ?? 0);
  return devices < Math.max(1, minDevices) ? null : Math.max(0, 1 - failed / deviceDays);
}

function figures({ cells, whole, days }: Counts): Figures {
  const slots = [...grouped(cells, ({ slotMs }) => slotMs)]
    .map(([atMs, list]) => ({ atMs, sums: addedUp(list) }))
    .sort((a, b) => a.atMs - b.atMs);
  const all = addedUp(slots.map(({ sums }) => sums));
  return {
    // a group with reports has at least one device, even when its first report was counted elsewhere
    devices: Math.max(cells.length > 0 ? 1 : 0, onBusiestDay(days)),
    estimatedCount: Math.round(all.weighted),
    ...callFigures(all),
    errors: byFrequency(whole.map(({ counts }) => counts.errors)),
    opens: openFigures(whole),
    stages: stageFigures(whole),
    series: slots.map(({ atMs, sums }) => ({ atMs, ...callFigures(sums) })),
  };
}

/** Calls of any number of cells. */
type CallSums = Omit<Cell, 'slotMs' | 'part'>;

function addedUp(list: readonly CallSums[]): CallSums {
  const duration = createHistogram(HISTOGRAM_SCALES['latency.total']);
  for (const one of list) merge(duration, one.duration);
  return {
    reports: sum(list, ({ reports }) => reports),
    ok: sum(list, ({ ok }) => ok),
    failed: sum(list, ({ failed }) => failed),
    weighted: sum(list, ({ weighted }) => weighted),
    duration,
  };
}

function callFigures({ reports, ok, failed, duration }: CallSums): CallFigures {
  const count = ok + failed;
  return {
    reports,
    count,
    successRate: count === 0 ? null : ok / count,
    p50Ms: percentileMs(duration, 0.5),
    p95Ms: percentileMs(duration, 0.95),
    p99Ms: percentileMs(duration, 0.99),
  };
}

function openFigures(cells: readonly GroupSums[]): OpenFigures {
  const network = merged(cells, 'opens.network');
  const store = merged(cells, 'opens.store');
  return {
    tried: sum(cells, ({ counts }) => counts.opens?.tried ?? 0),
    network: total(network),
    store: total(store),
    rest: total(merged(cells, 'opens.rest')),
    failed: byFrequency(cells.map(({ counts }) => counts.opens?.failed)),
    networkP95Ms: percentileMs(network, 0.95),
    storeP95Ms: percentileMs(store, 0.95),
  };
}

function stageFigures(cells: readonly GroupSums[]): Figures['stages'] {
  const found: Partial<Record<Stage, { p50Ms: number; p95Ms: number }>> = {};
  for (const stage of STAGES) {
    const histogram = merged(cells, `latency.${stage}`);
    const p50Ms = percentileMs(histogram, 0.5);
    const p95Ms = percentileMs(histogram, 0.95);
    if (p50Ms !== null && p95Ms !== null) found[stage] = { p50Ms, p95Ms };
  }
  return found;
}

function merged(cells: readonly GroupSums[], path: HistogramPath): Histogram {
  const all = createHistogram(HISTOGRAM_SCALES[path]);
  for (const { histograms } of cells) {
    const histogram = histograms.get(path);
    if (histogram) merge(all, histogram);
  }
  return all;
}

function percentileMs(histogram: Histogram, q: number): number | null {
  const value = quantile(histogram, q);
  return value === undefined ? null : sixDigits(value);
}

function sum<Item>(items: readonly Item[], value: (item: Item) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}
