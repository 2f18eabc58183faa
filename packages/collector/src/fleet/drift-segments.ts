import { HOUR_MS } from '../contribution.js';
import type { ByName, Counts } from '../counts.js';
import type { RollupReads } from '../rollup-store.js';
import { addedUp, type BinCounts, totalOf } from '../statistics/bins.js';
import type { DriftWindow } from './drift-windows.js';

/** A part of the fleet, and how much of a change it carries. */
export interface DriftSegment {
  readonly dimension: 'device' | 'backend' | 'app';
  readonly value: string;
  /** Of the change; those of one dimension add up to 1, but for what is suppressed. A part that moved the other way is below 0. */
  readonly share: number;
  /** Of what was observed: a part that is the whole fleet carries all, and explains nothing. */
  readonly weight: number;
}

/** Shares below this are noise to who looks for a cause. */
const LEAST_SHARE = 0.05;

interface Asked {
  readonly model: string;
  readonly version: string;
  readonly baselineHash: string;
  /** Of the distribution. */
  readonly position: number;
  readonly bins: number;
  readonly window: DriftWindow | undefined;
  readonly minDevices: number;
}

/** Which parts carry the change of a window against its past: Σ d·d_s / m over the bins, ÷ Σ d² / m. */
export async function driftSegments(
  store: Pick<RollupReads, 'sums'>,
  asked: Asked,
): Promise<DriftSegment[]> {
  const { window } = asked;
  if (!window) return [];
  const now = await partsIn(store, asked, [window]);
  const past = await partsIn(store, asked, stretches(window.past));
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
  const segments: DriftSegment[] = [];
  for (const [key, { dimension, value }] of shownOf(now, asked.minDevices)) {
    const own = p.parts.get(key) ?? [];
    const before = q.parts.get(key) ?? [];
    const share = along(difference.map((_, bin) => (own[bin] ?? 0) - (before[bin] ?? 0))) / all;
    const weight = totalOf(own);
    if (Math.abs(share) >= LEAST_SHARE) segments.push({ dimension, value, share, weight });
  }
  return segments.sort((a, b) => b.share - b.weight - (a.share - a.weight));
}

/**
 * Parts with devices enough. Where one of a dimension alone has not, the smallest of the others is left out too: else what is
 * missing to the whole would be that one.
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

async function partsIn(
  store: Pick<RollupReads, 'sums'>,
  { model, version, baselineHash, position, bins }: Asked,
  ranges: readonly { fromMs: number; toMs: number }[],
): Promise<Map<string, Part>> {
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
    for (const [bin, n] of Object.entries(drift?.[baselineHash]?.bins?.[position] ?? {})) {
      if (Number(bin) < bins) part.counts[Number(bin)] = (part.counts[Number(bin)] as number) + n;
    }
  }
  for (const { fromMs, toMs } of ranges) {
    const groups = await store.sums({ model, fromMs, toMs, histograms: [] });
    for (const group of groups.filter((one) => one.version === version)) {
      const own = {
        drift: group.counts.drift,
        devices: devicesOf(group.counts.firsts, { fromMs, toMs }),
      };
      add('device', group.device, own);
      add('backend', group.backend, own);
      for (const [app, { drift, firsts }] of Object.entries(group.counts.apps ?? {})) {
        add('app', app, { drift, devices: devicesOf(firsts, { fromMs, toMs }) });
      }
    }
  }
  return parts;
}

/** One that comes in many hours of a day is one device of the day. */
function devicesOf(
  firsts: ByName = {},
  { fromMs, toMs }: { fromMs: number; toMs: number },
): number {
  return firsts[toMs - fromMs <= HOUR_MS ? 'version-hour' : 'version-day'] ?? 0;
}

/** Of each part and of all, by bin, as shares of all that the whole fleet saw. */
function sharesWithin(parts: ReadonlyMap<string, Part>): {
  whole: number[];
  parts: Map<string, BinCounts>;
} {
  // each dimension has the same total; the device classes are always known
  const classes = [...parts.values()].filter(({ dimension }) => dimension === 'device');
  const counts = addedUp(classes.map((part) => part.counts));
  const total = totalOf(counts) || 1;
  return {
    whole: counts.map((n) => n / total),
    parts: new Map([...parts].map(([key, part]) => [key, part.counts.map((n) => n / total)])),
  };
}

/** Hours as ranges, those that follow one another in one. */
function stretches(hours: readonly number[]): { fromMs: number; toMs: number }[] {
  const found: { fromMs: number; toMs: number }[] = [];
  for (const hour of [...hours].sort((a, b) => a - b)) {
    const last = found.at(-1);
    if (last?.toMs === hour) last.toMs = hour + HOUR_MS;
    else found.push({ fromMs: hour, toMs: hour + HOUR_MS });
  }
  return found;
}
