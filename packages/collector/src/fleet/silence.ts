import { DAY_MS, HOUR_MS } from '../counting/time.js';
import { type Figure, sixDigits, TAIL } from '../statistics/figure.js';
import {
  fewestOf,
  JUDGED_AFTER,
  MOST_PAST,
  type PastHours,
  quantileOf,
  usualCount,
} from '../statistics/hour-of-week.js';
import { median } from '../statistics/trimmed-difference.js';
import type { DevicesByHour, ModelRange, RollupReads } from '../store/rollup-store.js';
import { onBusiestDay, readDeviceDays } from './devices-by-version.js';
import type { FleetQuery } from './query.js';

/** Answer of `GET /v1/fleet/silence`: do as many devices report as usual? */
export interface FleetSilence extends ModelRange {
  readonly hours: readonly SilenceHour[];
  /** Start of the silence at the end of the range. Null without one. */
  readonly silentSinceMs: number | null;
  /** The first hour with a verdict, a week after the model's first. Null before any device has reported. */
  readonly judgedFromMs: number | null;
}

export interface SilenceHour {
  readonly atMs: number;
  /** Devices that reported, each once for each version. */
  readonly received: number;
  /** From the same hours before, at the level of the last week. `n` is their devices. Null in a model's first week. */
  readonly expected: Figure;
  /** Fewer devices than this are too few; 0 where even none may be chance. */
  readonly fewest: number | null;
  readonly isSilent: boolean;
}

export async function fleetSilence(store: RollupReads, query: FleetQuery): Promise<FleetSilence> {
  const { model } = query;
  const fromMs = Math.floor(query.fromMs / HOUR_MS) * HOUR_MS;
  const toMs = Math.floor(query.toMs / HOUR_MS) * HOUR_MS;
  // the hour that is not over yet tells when a new model began
  const readToMs = Math.ceil(query.toMs / HOUR_MS) * HOUR_MS;
  const read = { model, fromMs: fromMs - MOST_PAST * HOUR_MS, toMs: readToMs };
  const known = await store.devicesByHour(read);
  const firstMs = firstHour(known);
  const counts = countsFrom(firstMs ?? toMs, toMs, known);
  const devices = onBusiestDay(await readDeviceDays(store, { ...read, toMs }));
  const past = withoutSilences(firstMs ?? toMs, counts);
  const hours: SilenceHour[] = [];
  for (let atMs = fromMs; atMs < toMs; atMs += HOUR_MS) {
    const hour = (atMs - (firstMs ?? toMs)) / HOUR_MS;
    const judged = judgeHour({ atMs, received: counts[hour] ?? 0 }, before(past, hour), devices);
    hours.push(isWithin(past, hour) ? { ...judged, isSilent: true } : judged);
  }
  const judgedFromMs = firstMs === undefined ? null : firstMs + JUDGED_AFTER * HOUR_MS;
  return { model, fromMs, toMs, hours, silentSinceMs: silentSince(hours), judgedFromMs };
}

/** Finds the first hour of a day with more devices than those whose clocks are wrong. */
function firstHour(known: readonly DevicesByHour[]): number | undefined {
  const ofDays = known.map(({ hourMs }) => {
    const day = known.filter((one) => one.hourMs >= hourMs && one.hourMs < hourMs + DAY_MS);
    return { hourMs, devices: day.reduce((sum, one) => sum + one.devices, 0) };
  });
  const strays = ofDays.length === 0 ? 0 : median(ofDays.map(({ devices }) => devices)) / 20;
  return ofDays.find(({ devices }) => devices >= strays)?.hourMs;
}

function countsFrom(firstMs: number, toMs: number, known: readonly DevicesByHour[]): number[] {
  const counts = new Array<number>(Math.max(0, (toMs - firstMs) / HOUR_MS)).fill(0);
  for (const { hourMs, devices } of known) {
    if (hourMs >= firstMs && hourMs < toMs) counts[(hourMs - firstMs) / HOUR_MS] = devices;
  }
  return counts;
}

/** Leaves out silences until a device reports: one of days would become usual, and end by itself. */
function withoutSilences(firstMs: number, counts: readonly number[]): PastHours {
  const kept: (number | undefined)[] = [...counts];
  for (const [hour, devices] of counts.entries()) {
    if (devices > 0) continue;
    const goesOn = hour > 0 && kept[hour - 1] === undefined; // a night has too few to tell
    const usual = goesOn ? undefined : usualCount(firstMs + hour * HOUR_MS, before(kept, hour));
    if (goesOn || (usual && fewestOf(usual) > 0)) kept[hour] = undefined;
  }
  return kept;
}

/** An hour is within a silence that was left out. */
function isWithin(past: PastHours, hour: number): boolean {
  return hour in past && past[hour] === undefined;
}

function before(past: PastHours, hour: number): PastHours {
  return past.slice(Math.max(0, hour - MOST_PAST), Math.max(0, hour));
}

function judgeHour(
  hour: Pick<SilenceHour, 'atMs' | 'received'>,
  past: PastHours,
  devices: number,
): SilenceHour {
  const origin = { devices, method: 'hour-of-week' as const, estimated: true };
  const usual = usualCount(hour.atMs, past);
  if (!usual) {
    const expected = { value: null, low: null, high: null, n: 0, ...origin };
    return { ...hour, expected, fewest: null, isSilent: false };
  }
  const fewest = fewestOf(usual);
  return {
    ...hour,
    expected: {
      value: sixDigits(usual.mean),
      low: quantileOf(usual, TAIL),
      high: quantileOf(usual, 1 - TAIL),
      n: usual.n,
      ...origin,
    },
    fewest,
    isSilent: hour.received < fewest,
  };
}

function silentSince(hours: readonly SilenceHour[]): number | null {
  const last = hours.findLastIndex(({ isSilent }) => !isSilent);
  return hours[last + 1]?.atMs ?? null;
}
