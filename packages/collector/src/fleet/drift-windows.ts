import { DAY_MS, HOUR_MS } from '../counting/time.js';
import type { CohortRow } from '../store/rollup-store.js';
import { firstsIn, hoursOf, type ReadHours } from './cohort-rows.js';
import type { Observed } from './observed-bins.js';

/** A stretch of time that is compared with the same hours before. */
export interface DriftWindow {
  readonly fromMs: number;
  readonly toMs: number;
  readonly rows: readonly CohortRow[];
  readonly devices: number;
  /** Hours of the reference. */
  readonly past: readonly number[];
  readonly reference: readonly CohortRow[];
}

/** A window, and what was observed in it and in its past. */
export interface SeenWindow {
  readonly window: DriftWindow;
  readonly now: Observed;
  readonly past: Observed;
}

/** An hour with fewer devices says too little. The windows are then days. */
const FEWEST_DEVICES = 300;
/** Who asks for the present alarm alone sees so many windows. Earlier ones do not change it, only since when it lasts. */
const WINDOWS_OF_NOW = 3;
const WEEK_MS = 7 * DAY_MS;
const WEEKS = 4;
/** Six days before, because the seventh would be a week. */
const DAYS = 6;

/** Returns the windows of a range that have ended: hours where most of them have enough devices, else days. */
export async function driftWindows(
  readHours: ReadHours,
  { fromMs, toMs, isOfNow }: { fromMs: number; toMs: number; isOfNow: boolean },
): Promise<{ lengthMs: number; windows: DriftWindow[] }> {
  const since = isOfNow ? Math.max(fromMs, toMs - DAY_MS) : fromMs;
  const lengthMs = (await areHoursFull(readHours, { fromMs: since, toMs })) ? HOUR_MS : DAY_MS;
  const last = Math.floor(toMs / lengthMs);
  const all = Math.floor(fromMs / lengthMs);
  const first = isOfNow ? Math.max(all, last - WINDOWS_OF_NOW) : all;
  const windows: DriftWindow[] = [];
  for (let i = first; i < last; i += 1) {
    windows.push(await windowOf(readHours, i * lengthMs, lengthMs));
  }
  return { lengthMs, windows };
}

async function areHoursFull(
  readHours: ReadHours,
  { fromMs, toMs }: { fromMs: number; toMs: number },
): Promise<boolean> {
  let [full, seen] = [0, 0];
  for (const hour of hoursOf(fromMs, toMs)) {
    const rows = await readHours([hour]);
    if (rows.length === 0) continue;
    seen += 1;
    if (firstsIn(rows, 'version-hour') >= FEWEST_DEVICES) full += 1;
  }
  return 2 * full > seen;
}

async function windowOf(
  readHours: ReadHours,
  fromMs: number,
  lengthMs: number,
): Promise<DriftWindow> {
  const toMs = fromMs + lengthMs;
  const rows = await readHours(hoursOf(fromMs, toMs));
  const devices = firstsIn(rows, lengthMs === HOUR_MS ? 'version-hour' : 'version-day');
  const past = await pastOf(readHours, { fromMs, toMs }, devices / 2);
  return { fromMs, toMs, rows, devices, past, reference: await readHours(past) };
}

/**
 * Returns the same hours of the week in the last 28 days, or of the day where there is no week yet. Wrong clocks put a
 * few reports anywhere, so a past needs devices.
 */
async function pastOf(
  readHours: ReadHours,
  { fromMs, toMs }: { fromMs: number; toMs: number },
  fewestDevices: number,
): Promise<number[]> {
  const own = hoursOf(fromMs, toMs);
  const ago = (stepMs: number, times: number) =>
    Array.from({ length: times }, (_, i) => own.map((hour) => hour - (i + 1) * stepMs)).flat();
  for (const past of [ago(WEEK_MS, WEEKS), ago(DAY_MS, DAYS)]) {
    const devices = firstsIn(await readHours(past), 'version-hour');
    if (devices > 0 && devices >= fewestDevices) return past;
  }
  return [];
}

/**
 * Returns the start of the alarm that lasts until the last window. It needs two windows in a row, and began with the
 * first of them. Null without one.
 */
export function alarmSince(
  windows: readonly DriftWindow[],
  alarms: readonly boolean[],
): number | null {
  if (!alarms.at(-1)) return null;
  const quiet = alarms.lastIndexOf(false);
  return windows[quiet]?.fromMs ?? null;
}
