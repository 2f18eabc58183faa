import type { ByName, Counts } from '../counting/counts.js';
import { HOUR_MS } from '../counting/time.js';
import { addedUp, type BinCounts, totalOf } from '../statistics/bins.js';
import type { RollupReads, SegmentRow } from '../store/rollup-store.js';
import type { DriftWindow } from './drift-windows.js';
import type { PartName } from './observed-bins.js';

/** A part of the fleet, and how much of a change it carries. */
export interface DriftSegment {
  readonly dimension: 'device' | 'backend' | 'app';
  readonly value: string;
  /** Share of the change. Shown parts of a dimension add up to 1. Below 0 a part moved the other way. */
  readonly share: number;
  /** Share of the observations. A part that is the whole fleet carries all of the change, and explains nothing. */
  readonly weight: number;
}

/** A smaller share is noise, and no cause. */
const LEAST_SHARE = 0.05;

/** Observations of parts of the fleet in a window, and in the hours that it is compared with. */
export interface WindowSegments {
  readonly now: readonly SegmentRow[];
  readonly past: readonly SegmentRow[];
  readonly isHour: boolean;
}

export async function readSegments(
  store: Pick<RollupReads, 'segments'>,
  { model, version }: { model: string; version: string },
  { fromMs, toMs, past }: DriftWindow,
): Promise<WindowSegments> {
  const read = (range: { fromMs: number; toMs: number }) =>
    store.segments({ model, version, ...range });
  return {
    now: await read({ fromMs, toMs }),
    past: (await Promise.all(stretches(past).map(read))).flat(),
    isHour: toMs - fromMs <= HOUR_MS,
  };
}

interface Asked {
  readonly baselineHash: string;
  /** Position of the distribution. */
  readonly position: number;
  readonly bins: number;
  readonly minDevices: number;
}

const NO_BINS = { baselineHash: '', position: 0, bins: 0 };

/** Finds the parts that carry the change of a window against its past: Σ d·d_s / m over the bins, ÷ Σ d² / m. */
export function driftSegments(segments: WindowSegments, asked: Asked): DriftSegment[] {
  const now = partsOf(segments.now, asked, segments.isHour);
  const past = partsOf(segments.past, asked, segments.isHour);
  const [p, q] = [sharesWithin(now), sharesWithin(past)];
  const difference = p.whole.map((share, bin) => share - (q.whole[bin] as number));
  const middle = p.whole.map((share, bin) => (share + (q.whole[bin] as number)) / 2);
  const along = (list: readonly number[]) =>
    list.reduce((sum, value, bin) => {
      const m = middle[bin] as number;
      return m === 0 ? sum : sum + (value * (difference[bin] as number)) / m;
    }, 0);
  const all = along(difference);
  if (!(all > 0)) return [];
  const found: DriftSegment[] = [];
  for (const [key, { dimension, value }] of shownOf(now, asked.minDevices)) {
    const own = p.parts.get(key) ?? [];
    const before = q.parts.get(key) ?? [];
    const share = along(difference.map((_, bin) => (own[bin] ?? 0) - (before[bin] ?? 0))) / all;
    const weight = totalOf(own);
    if (Math.abs(share) >= LEAST_SHARE) found.push({ dimension, value, share, weight });
  }
  return found.sort((a, b) => b.share - b.weight - (a.share - a.weight));
}

/** Names the device classes and backends that may be shown. */
export function namedParts({ now, isHour }: WindowSegments, minDevices: number): PartName[] {
  const shown = shownOf(partsOf(now, NO_BINS, isHour), minDevices);
  return shown.flatMap(([, { dimension, value }]) =>
    dimension === 'app' || value === '' ? [] : [{ dimension, value }],
  );
}

/**
 * Returns parts with enough devices. Where a single part of a dimension has too few, the smallest of the others is left
 * out too. Otherwise the rest of the whole would show that part.
 */
function shownOf(parts: ReadonlyMap<string, Part>, minDevices: number): [string, Part][] {
  const shown: [string, Part][] = [];
  for (const dimension of ['device', 'backend', 'app'] as const) {
    const all = [...parts].filter(([, part]) => part.dimension === dimension);
    const large = all.filter(([, part]) => part.devices >= minDevices);
    large.sort(([, a], [, b]) => b.devices - a.devices);
    const isGivenAway = all.length - large.length === 1;
    shown.push(...(isGivenAway ? large.slice(0, -1) : large));
  }
  return shown;
}

interface Part {
  readonly dimension: DriftSegment['dimension'];
  readonly value: string;
  readonly counts: number[];
  devices: number;
}

function partsOf(
  rows: readonly SegmentRow[],
  { baselineHash, position, bins }: Omit<Asked, 'minDevices'>,
  isHour: boolean,
): Map<string, Part> {
  const parts = new Map<string, Part>();
  function add(
    dimension: Part['dimension'],
    value: string,
    { drift, devices }: { drift: Counts['drift']; devices: number },
  ): void {
    const key = `${dimension} ${value}`;
    const part = parts.get(key) ?? {
      dimension,
      value,
      counts: new Array(bins).fill(0),
      devices: 0,
    };
    parts.set(key, part);
    part.devices += devices;
    const seen = drift?.[baselineHash]?.[position] ?? [];
    for (const [bin, n] of seen.slice(0, bins).entries()) {
      part.counts[bin] = (part.counts[bin] as number) + n;
    }
  }
  for (const { device, backend, counts } of rows) {
    const { drift, firsts, apps = {} } = counts;
    const own = { drift, devices: devicesOf(firsts, isHour) };
    add('device', device, own);
    add('backend', backend, own);
    for (const [app, ofApp] of Object.entries(apps)) {
      add('app', app, { drift: ofApp.drift, devices: devicesOf(ofApp.firsts, isHour) });
    }
  }
  return parts;
}

/** A device that comes in many hours of a day is counted once a day. */
function devicesOf(firsts: ByName | undefined, isHour: boolean): number {
  return firsts?.[isHour ? 'version-hour' : 'version-day'] ?? 0;
}

/** Returns the bins of each part and of the whole, as shares of all observations of the fleet. */
function sharesWithin(parts: ReadonlyMap<string, Part>): {
  whole: number[];
  parts: Map<string, BinCounts>;
} {
  // each dimension has the same total, and the device class is always known
  const classes = [...parts.values()].filter(({ dimension }) => dimension === 'device');
  const counts = addedUp(classes.map((part) => part.counts));
  const total = totalOf(counts) || 1;
  return {
    whole: counts.map((n) => n / total),
    parts: new Map([...parts].map(([key, part]) => [key, part.counts.map((n) => n / total)])),
  };
}

/** Joins hours that follow one another to ranges. */
function stretches(hours: readonly number[]): { fromMs: number; toMs: number }[] {
  const found: { fromMs: number; toMs: number }[] = [];
  for (const hour of [...hours].sort((a, b) => a - b)) {
    const last = found.at(-1);
    if (last?.toMs === hour) last.toMs = hour + HOUR_MS;
    else found.push({ fromMs: hour, toMs: hour + HOUR_MS });
  }
  return found;
}
