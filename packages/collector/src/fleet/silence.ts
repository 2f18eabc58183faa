import type { ModelRange, RollupReads, SlotReports } from '../counting/rollup-store.js';
import { DAY_MS, HOUR_MS } from '../counting/time.js';
import { type Figure, sixDigits } from '../statistics/figure.js';
import { median } from '../statistics/trimmed-difference.js';
import { onBusiestDay, readDeviceDays } from './devices-by-version.js';
import type { FleetQuery } from './query.js';

/** Answer of `GET /v1/fleet/silence`: do as many devices report as usual? */
export interface FleetSilence extends ModelRange {
  readonly hours: readonly SilenceHour[];
  /** Start of the silence at the end of the range. Null without one. */
  readonly silentSinceMs: number | null;
}

export interface SilenceHour {
  readonly atMs: number;
  /** Reports. */
  readonly received: number;
  /** From the same hours before, at the level of the last week. `n` is their reports. Null without a day before. */
  readonly expected: Figure;
  /** Fewer reports than this are too few. */
  readonly fewest: number | null;
  readonly isSilent: boolean;
}

const WEEK_MS = 7 * DAY_MS;
const WEEKS = 4;
const DAYS = 6;
const LEVEL_HOURS = 7 * 24;
/** Standard deviations. An hour falls below by chance less than once a year. */
const FAR = 4;
/** Standard deviations of a 95 % interval. */
const NEAR = 1.96;
/** In a model's first week its weekend is not known. Silence is then less than this share of the day before. */
const FIRST_WEEK_SHARE = 0.5;
/** Fewer hours say nothing about how much hours vary. */
const FEWEST_HOURS = 12;

export async function fleetSilence(store: RollupReads, query: FleetQuery): Promise<FleetSilence> {
  const { model } = query;
  const fromMs = Math.floor(query.fromMs / HOUR_MS) * HOUR_MS;
  const toMs = Math.floor(query.toMs / HOUR_MS) * HOUR_MS;
  const read = { fromMs: fromMs - (WEEKS + 1) * WEEK_MS, toMs };
  const slots = await store.reportsBySlot({ model, ...read, stepMs: HOUR_MS });
  const known: Known = {
    received: new Map(slots.map(({ slotMs, reports }) => [slotMs, reports])),
    firstMs: firstHour(slots) ?? toMs,
    devices: onBusiestDay(await readDeviceDays(store, { model, ...read })),
  };
  const ratios = ratiosOf(fromMs - LEVEL_HOURS * HOUR_MS, toMs, known);
  const hours: SilenceHour[] = [];
  for (let atMs = fromMs; atMs < toMs; atMs += HOUR_MS) hours.push(hourAt(atMs, known, ratios));
  return { model, fromMs, toMs, hours, silentSinceMs: silentSince(hours) };
}

/** Finds the first hour with more reports than devices with wrong clocks put anywhere. */
function firstHour(slots: readonly SlotReports[]): number | undefined {
  const strays = slots.length === 0 ? 0 : median(slots.map(({ reports }) => reports)) / 20;
  return slots.find(({ reports }) => reports >= strays)?.slotMs;
}

interface Known {
  /** Reports by the hour. */
  readonly received: ReadonlyMap<number, number>;
  /** The hour in which the model began to report. */
  readonly firstMs: number;
  /** Devices of the busiest UTC day, from the first day that an hour is compared with. */
  readonly devices: number;
}

/** Computes ln(received ÷ usual) of each hour that has a usual number. A week of hours asks for each. */
function ratiosOf(fromMs: number, toMs: number, known: Known): ReadonlyMap<number, number> {
  const ratios = new Map<number, number>();
  for (let atMs = fromMs; atMs < toMs; atMs += HOUR_MS) {
    const usual = usualAt(atMs, known)?.mean;
    if (usual) ratios.set(atMs, Math.log((receivedAt(atMs, known) + 0.5) / (usual + 0.5)));
  }
  return ratios;
}

function hourAt(atMs: number, known: Known, byHour: ReadonlyMap<number, number>): SilenceHour {
  const received = receivedAt(atMs, known);
  const usual = usualAt(atMs, known);
  const ratios: number[] = [];
  for (let i = 1; i <= LEVEL_HOURS; i += 1) {
    const ratio = byHour.get(atMs - i * HOUR_MS);
    if (ratio !== undefined) ratios.push(ratio);
  }
  const method = 'hour-of-week' as const;
  const origin = { devices: known.devices, method, estimated: true };
  if (usual === undefined || ratios.length < FEWEST_HOURS) {
    const expected = { value: null, low: null, high: null, n: 0, ...origin };
    return { atMs, received, expected, fewest: null, isSilent: false };
  }
  const level = median(ratios);
  const expected = usual.mean * Math.exp(level);
  // the median deviation × 1.4826 is a normal distribution's standard deviation, and a silence does not move it
  const spread = 1.4826 * median(ratios.map((ratio) => Math.abs(ratio - level)));
  const deviation = Math.sqrt(spread ** 2 + 1 / (expected + 0.5));
  const share = atMs - known.firstMs < WEEK_MS ? FIRST_WEEK_SHARE : 1;
  const fewest = expected * Math.min(share, Math.exp(-FAR * deviation));
  return {
    atMs,
    received,
    expected: {
      value: sixDigits(expected),
      low: sixDigits(Math.max(0, (expected + 0.5) * Math.exp(-NEAR * deviation) - 0.5)),
      high: sixDigits((expected + 0.5) * Math.exp(NEAR * deviation) - 0.5),
      n: usual.reports,
      ...origin,
    },
    fewest: sixDigits(fewest),
    isSilent: received < fewest,
  };
}

function receivedAt(atMs: number, { received }: Known): number {
  return received.get(atMs) ?? 0;
}

/** Takes the same hours of the week, or of the day where there is no week yet. */
function usualAt(atMs: number, known: Known): { mean: number; reports: number } | undefined {
  const over = (stepMs: number, times: number) => {
    const hours = Array.from({ length: times }, (_, i) => atMs - (i + 1) * stepMs);
    const past = hours.filter((hour) => hour >= known.firstMs);
    if (past.length === 0) return undefined;
    const reports = past.reduce((sum, hour) => sum + receivedAt(hour, known), 0);
    return { mean: reports / past.length, reports };
  };
  return over(WEEK_MS, WEEKS) ?? over(DAY_MS, DAYS);
}

function silentSince(hours: readonly SilenceHour[]): number | null {
  const last = hours.findLastIndex(({ isSilent }) => !isSilent);
  return hours[last + 1]?.atMs ?? null;
}
