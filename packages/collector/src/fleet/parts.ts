import type { RatioSums } from '../statistics/cohort-ratio.js';
import { sixDigits } from '../statistics/figure.js';
import type { ModelRange, RollupReads } from '../store/rollup-store.js';
import { type PartSums, type RangeSums, type RunSums, readRangeSums } from './part-sums.js';
import type { FleetQuery } from './query.js';

/**
 * Answer of `GET /v1/fleet/parts`: which part of the fleet carries the change since the range before, which is of the
 * same length?
 */
export interface FleetParts extends ModelRange {
  /** Start of the range before. */
  readonly beforeMs: number;
  readonly minDevices: number;
  /** Failed runs ÷ runs. */
  readonly failed: ChangeByPart;
  /** Mean time of a result, ms. */
  readonly time: ChangeByPart;
}

export interface ChangeByPart {
  /** Figure of the whole model. Null where nothing ran. */
  readonly now: number | null;
  readonly before: number | null;
  /** Parts that carry more than their part of the runs are first. Parts under the floor are left out. */
  readonly parts: readonly FleetPart[];
}

export interface FleetPart {
  readonly dimension: 'device' | 'backend' | 'version' | 'library' | 'app';
  readonly value: string;
  /** Figure of this part alone. Null where it did not run. */
  readonly now: number | null;
  readonly before: number | null;
  /** Share of the range's runs, 0 … 1. */
  readonly weight: number;
  /** Share of the change. Shown parts of a dimension add up to 1. Below 0 a part moved the other way. */
  readonly share: number;
}

export async function fleetParts(
  store: RollupReads,
  { model, fromMs, toMs }: FleetQuery,
  { minDevices }: { minDevices: number },
): Promise<FleetParts> {
  const beforeMs = fromMs - (toMs - fromMs);
  const now = await readRangeSums(store, { model, fromMs, toMs }, minDevices);
  const before = await readRangeSums(store, { model, fromMs: beforeMs, toMs: fromMs }, minDevices);
  return {
    model,
    fromMs,
    toMs,
    beforeMs,
    minDevices,
    failed: changeByPart({ now, before }, ({ failed, runs }) => ({ part: failed, whole: runs })),
    time: changeByPart({ now, before }, ({ ms, results }) => ({ part: ms, whole: results })),
  };
}

/** A value of the range, and of the one before. */
interface Both<Value> {
  readonly now: Value;
  readonly before: Value;
}

const NOTHING: RatioSums = { part: 0, whole: 0 };

function changeByPart(ranges: Both<RangeSums>, sumsOf: (sums: RunSums) => RatioSums): ChangeByPart {
  const whole = { now: sumsOf(ranges.now.whole), before: sumsOf(ranges.before.whole) };
  const parts = pairsOf(ranges, sumsOf).map(
    ({ dimension, value, now, before }): FleetPart => ({
      dimension,
      value,
      now: ratioOf(now),
      before: ratioOf(before),
      weight: sixDigits(now.whole / (whole.now.whole || 1)),
      share: sixDigits(shareOfChange({ now, before }, whole)),
    }),
  );
  return {
    now: ratioOf(whole.now),
    before: ratioOf(whole.before),
    parts: parts.sort((a, b) => b.share - b.weight - (a.share - a.weight)),
  };
}

/** Share of the whole's change that is in a part (docs/statistics.md). The whole without the part has the rest. */
function shareOfChange(own: Both<RatioSums>, whole: Both<RatioSums>): number {
  if (whole.now.whole === 0 || whole.before.whole === 0) return 0;
  const now = whole.now.part / whole.now.whole;
  const before = whole.before.part / whole.before.whole;
  if (now === before) return 0;
  const mean = (now + before) / 2;
  const carried = (sums: RatioSums, all: RatioSums) => (sums.part - mean * sums.whole) / all.whole;
  return (carried(own.now, whole.now) - carried(own.before, whole.before)) / (now - before);
}

type Pair = Pick<FleetPart, 'dimension' | 'value'> & Both<RatioSums>;

/** Pairs the parts of both ranges. A part that did not run, or is left out, has nothing. */
function pairsOf({ now, before }: Both<RangeSums>, sumsOf: (sums: RunSums) => RatioSums): Pair[] {
  const pairs = new Map<string, Pair>();
  const add = (parts: readonly PartSums[], range: 'now' | 'before') => {
    for (const { dimension, value, ...sums } of parts) {
      const key = `${dimension} ${value}`;
      const pair = pairs.get(key) ?? { dimension, value, now: NOTHING, before: NOTHING };
      pairs.set(key, { ...pair, [range]: sumsOf(sums) });
    }
  };
  add(now.parts, 'now');
  add(before.parts, 'before');
  return [...pairs.values()];
}

function ratioOf({ part, whole }: RatioSums): number | null {
  return whole === 0 ? null : part / whole;
}
