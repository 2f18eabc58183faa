import { createHistogram, type Histogram, merge, quantile } from '@nearside/core';
import { compareVersions } from './compare-versions.js';
import { utcDay } from './days.js';
import type { FleetQuery } from './fleet-query.js';
import { HISTOGRAM_SCALES, type HistogramName, STAGES, type Stage } from './report-histograms.js';
import type { Cell, Group, RollupStore } from './rollup-store.js';

/** Answer of `GET /v1/fleet/latency`. Rates and percentiles are null where nothing was counted. */
export interface FleetLatency {
  readonly model: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
  /** The floor this answer was made with. */
  readonly minDevices: number;
  /** Groups (version × device class × backend) left out of `versions`, under the floor. */
  readonly suppressed: number;
  /** The whole model: whatever the filters, and with the suppressed groups. */
  readonly total: Figures;
  /** Newest first; filters apply. */
  readonly versions: readonly VersionFigures[];
}

export interface VersionFigures extends Figures {
  readonly version: string;
  readonly suppressed: number;
}

export interface Figures {
  /** Devices on the busiest UTC day that the range touches. */
  readonly devices: number;
  readonly reports: number;
  /** Inferences that ended in a result or an error, as counted by devices. */
  readonly count: number;
  /** The same for the whole fleet: Σ count × sampling weight. */
  readonly estimatedCount: number;
  /** Share of `count` that ended in a result, 0 … 1. */
  readonly successRate: number | null;
  /** Call → result, within ±4.33 %. */
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
  /** By code, most frequent first. */
  readonly errors: Readonly<Record<string, number>>;
  /** Within ±8.6 %. A stage that nobody measured is left out. */
  readonly stages: Readonly<Partial<Record<Stage, { p50Ms: number; p95Ms: number }>>>;
  /** Steps in which something was reported, in order of time. */
  readonly series: readonly FleetPoint[];
}

export interface FleetPoint {
  /** Start of the step. */
  readonly atMs: number;
  readonly count: number;
  readonly successRate: number | null;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
}

/** @param minDevices groups of fewer devices are suppressed */
export async function fleetLatency(
  store: RollupStore,
  query: FleetQuery,
  minDevices: number,
): Promise<FleetLatency> {
  const { model, fromMs, toMs, stepMs } = query;
  const counts = await readCounts(store, query);
  const asked = selectGroups(
    counts,
    ({ version, backend }) =>
      (query.version === undefined || query.version === version) &&
      (query.backend === undefined || query.backend === backend),
  );
  const versions = [...new Set(asked.cells.map(({ version }) => version))]
    .sort((a, b) => compareVersions(b, a))
    .map((version) => versionFigures(asked, version, minDevices));
  return {
    model,
    fromMs,
    toMs,
    stepMs,
    minDevices,
    suppressed: versions.reduce((sum, { suppressed }) => sum + suppressed, 0),
    total: figures(counts),
    versions,
  };
}

/** All that is known of a range: cells by step, cells of the whole range, devices. */
interface Counts {
  /** By step, with the histogram of the whole call. */
  readonly cells: readonly Cell[];
  /** One cell a group, with the histograms of the stages. */
  readonly stages: readonly Cell[];
  readonly days: readonly (Group & { readonly day: number; readonly devices: number })[];
}

async function readCounts(
  store: RollupStore,
  { model, fromMs, toMs, stepMs }: FleetQuery,
): Promise<Counts> {
  const [cells, stages, days] = await Promise.all([
    store.cells({ model, fromMs, toMs, stepMs, histograms: ['total'] }),
    store.cells({ model, fromMs, toMs, histograms: STAGES }),
    store.deviceDays({ model, fromDay: utcDay(fromMs), toDay: utcDay(toMs - 1) }),
  ]);
  return { cells, stages, days };
}

function selectGroups(counts: Counts, keep: (group: Group) => boolean): Counts {
  return {
    cells: counts.cells.filter(keep),
    stages: counts.stages.filter(keep),
    days: counts.days.filter(keep),
  };
}

function versionFigures(counts: Counts, version: string, minDevices: number): VersionFigures {
  const own = selectGroups(counts, (group) => group.version === version);
  const groups = new Set(own.cells.map(groupKey));
  const shown = new Set(
    [...groups].filter(
      (key) => deviceCount(selectGroups(own, (group) => groupKey(group) === key)) >= minDevices,
    ),
  );
  return {
    version,
    suppressed: groups.size - shown.size,
    ...figures(selectGroups(own, (group) => shown.has(groupKey(group)))),
  };
}

function groupKey({ version, backend, device }: Group): string {
  return `${version} ${backend} ${device}`;
}

/**
 * Devices on the busiest day: the days' numbers must not be added up, or one device that comes
 * every day would pass for many. Whoever reported is at least one device, even when its `first`
 * of the day was counted elsewhere.
 */
function deviceCount({ cells, days }: Counts): number {
  const byDay = new Map<number, number>();
  for (const { day, devices } of days) byDay.set(day, (byDay.get(day) ?? 0) + devices);
  return Math.max(cells.length > 0 ? 1 : 0, ...byDay.values());
}

function figures(counts: Counts): Figures {
  const { cells, stages } = counts;
  return {
    devices: deviceCount(counts),
    reports: sum(cells, ({ reports }) => reports),
    estimatedCount: Math.round(sum(cells, estimatedCount)),
    ...pointFigures(cells),
    errors: errorsByCode(cells),
    stages: stageFigures(stages),
    series: bySlot(cells).map(([atMs, slot]) => ({ atMs, ...pointFigures(slot) })),
  };
}

function bySlot(cells: readonly Cell[]): [slotMs: number, cells: Cell[]][] {
  const slots = new Map<number, Cell[]>();
  for (const cell of cells) {
    const slot = slots.get(cell.slotMs);
    if (slot) slot.push(cell);
    else slots.set(cell.slotMs, [cell]);
  }
  return [...slots].sort(([a], [b]) => a - b);
}

function pointFigures(cells: readonly Cell[]): Omit<FleetPoint, 'atMs'> {
  const count = sum(cells, answered);
  const duration = merged(cells, 'total');
  return {
    count,
    successRate: count === 0 ? null : sum(cells, ({ ok }) => ok) / count,
    p50Ms: percentileMs(duration, 0.5),
    p95Ms: percentileMs(duration, 0.95),
    p99Ms: percentileMs(duration, 0.99),
  };
}

function stageFigures(cells: readonly Cell[]): Figures['stages'] {
  const found: Partial<Record<Stage, { p50Ms: number; p95Ms: number }>> = {};
  for (const stage of STAGES) {
    const histogram = merged(cells, stage);
    const p50Ms = percentileMs(histogram, 0.5);
    const p95Ms = percentileMs(histogram, 0.95);
    if (p50Ms !== null && p95Ms !== null) found[stage] = { p50Ms, p95Ms };
  }
  return found;
}

function errorsByCode(cells: readonly Cell[]): Record<string, number> {
  const byCode = new Map<string, number>();
  for (const { errors } of cells) {
    for (const [code, { n }] of errors) byCode.set(code, (byCode.get(code) ?? 0) + n);
  }
  return Object.fromEntries([...byCode].sort(([, a], [, b]) => b - a));
}

function answered({ ok, errors }: Cell): number {
  return ok + sum([...errors.values()], ({ n }) => n);
}

function estimatedCount({ okWeighted, errors }: Cell): number {
  return okWeighted + sum([...errors.values()], ({ weighted }) => weighted);
}

function merged(cells: readonly Cell[], name: HistogramName): Histogram {
  const all = createHistogram(HISTOGRAM_SCALES[name]);
  for (const { histograms } of cells) {
    const histogram = histograms.get(name);
    if (histogram) merge(all, histogram);
  }
  return all;
}

function percentileMs(histogram: Histogram, q: number): number | null {
  const value = quantile(histogram, q);
  return value === undefined ? null : round(value);
}

/** Six digits add nothing to the error of the sketch and keep the answer short. */
function round(value: number): number {
  return Number(value.toPrecision(6));
}

function sum<Item>(items: readonly Item[], value: (item: Item) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}
