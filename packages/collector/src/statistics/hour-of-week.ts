import { sum } from '@nearside/core';
import { negativeBinomialBelow, tQuantile } from './distributions.js';
import { median } from './trimmed-difference.js';

/** How many devices are usual in an hour, as far as the past tells. */
export interface UsualCount {
  readonly mean: number;
  /** Variance beyond Poisson's ÷ mean²: of hours and days, and what the past leaves unknown. */
  readonly dispersion: number;
  /** Devices in the same hours of the weeks before. */
  readonly n: number;
}

/** Devices of hours in order, the newest last; undefined for a silence without any device, which is no part of what is usual. */
export type PastHours = readonly (number | undefined)[];

const DAY = 24;
const WEEK = 7 * DAY;
const WEEKS = 4;
const HOUR_MS = 3_600_000;
/** Hours before there is a verdict. */
export const JUDGED_AFTER = WEEK;
/** Hours that are looked at. */
export const MOST_PAST = (WEEKS + 1) * WEEK;
/** An unchanged fleet has an hour with fewer devices than `fewestOf` with this chance: once in four years. */
const LEVEL = 3e-5;
/** Relative variance of the steadiest fleet, 5 % squared: the last minutes of an hour are reported after it. */
const STEADIEST = 0.0025;
/** With so many days, hours are compared with those a week before, and the newest left out: a silence would hide itself. */
const DAYS_FOR_WEEKS = 17;
const NEWEST = 3 * DAY;
/** The dispersion is taken at the upper end of its interval of 95 %, on this side. */
const UPPER_TAIL = 0.05;
/** Variance of a median ÷ that of the mean. */
const OF_MEDIAN = Math.PI / 2;

/**
 * The number of devices that an hour should have.
 *
 * @param atMs start of the hour
 * @returns undefined in a model's first week, whose weekend is not known
 */
export function usualCount(atMs: number, past: PastHours): UsualCount | undefined {
  const spread = past.length < JUDGED_AFTER ? undefined : dispersionOf(atMs, past);
  if (spread === undefined) return undefined;
  const weeks = sameHours(past, 0);
  if (weeks.length === 0) return undefined;
  const n = sum(weeks);
  const level = levelOf(past, spread);
  return {
    mean: (level.ratio * n) / weeks.length,
    dispersion: spread * (1 + 1 / weeks.length) + 1 / Math.max(n, 0.5) + level.variance,
    n,
  };
}

/** Fewer devices than this are too few; 0 where an hour without any may be chance. */
export function fewestOf(usual: UsualCount): number {
  return quantileOf(usual, LEVEL);
}

/** The least number that a share of hours does not exceed. */
export function quantileOf({ mean, dispersion }: UsualCount, share: number): number {
  if (mean === 0) return 0;
  const isBelow = (n: number) => negativeBinomialBelow(n, mean, dispersion) < share;
  let [low, high] = [-1, 0];
  while (isBelow(high)) [low, high] = [high, 2 * high + 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (isBelow(middle)) low = middle;
    else high = middle;
  }
  return high;
}

/** Counts of the same hour in the weeks before an hour, which is so many before the newest. */
function sameHours(past: PastHours, ago: number): number[] {
  const found: number[] = [];
  for (let week = 1; week <= WEEKS; week += 1) {
    const count = past[past.length - ago - week * WEEK];
    if (count !== undefined) found.push(count);
  }
  return found;
}

/** The median, over the last seven days, of a day's devices ÷ usual ones; with the relative variance of that. */
function levelOf(past: PastHours, spread: number): { ratio: number; variance: number } {
  const ratios: number[] = [];
  let devices = 0;
  for (let day = 0; day < 7 && past.length - (day + 1) * DAY >= WEEK; day += 1) {
    let [own, usual] = [0, 0];
    for (let ago = day * DAY + 1; ago <= (day + 1) * DAY; ago += 1) {
      const devices = past[past.length - ago];
      const weeks = sameHours(past, ago);
      if (devices === undefined || weeks.length === 0) continue;
      own += devices;
      usual += sum(weeks) / weeks.length;
    }
    devices += own;
    if (usual > 0) ratios.push(own / usual);
  }
  if (ratios.length === 0) return { ratio: 1, variance: 0 };
  const ofDay = 2 * spread + (2 * ratios.length) / Math.max(devices, 0.5);
  return { ratio: median(ratios), variance: (OF_MEDIAN * ofDay) / ratios.length };
}

/**
 * The relative variance of an hour beyond Poisson's, at its upper limit. Two hours a and b that should have as many
 * devices have E (a − b)² − (a + b) = 2 · dispersion · E ab. Hours of a day vary together, so the error of the sums is
 * that between days.
 */
function dispersionOf(atMs: number, past: PastHours): number | undefined {
  const byWeek = past.length >= DAYS_FOR_WEEKS * DAY;
  const lag = byWeek ? WEEK : DAY;
  const days = new Map<number, { beyond: number; scale: number }>();
  for (let ago = byWeek ? NEWEST + 1 : 1; ago + lag <= past.length; ago += 1) {
    const hour = atMs / HOUR_MS - ago;
    if (isWeekend(hour) !== isWeekend(hour - lag)) continue;
    const [a, b] = [past[past.length - ago], past[past.length - ago - lag]];
    if (a === undefined || b === undefined) continue;
    const day = days.get(Math.floor(hour / DAY)) ?? { beyond: 0, scale: 0 };
    days.set(Math.floor(hour / DAY), day);
    day.beyond += (a - b) ** 2 - (a + b);
    day.scale += 2 * a * b;
  }
  const found = [...days.values()];
  const scale = sum(found.map((day) => day.scale));
  if (found.length < 2 || scale === 0) return undefined;
  const value = sum(found.map(({ beyond }) => beyond)) / scale;
  const squares = sum(found.map((day) => (day.beyond - value * day.scale) ** 2));
  const deviation = Math.sqrt((squares * found.length) / (found.length - 1)) / scale;
  return Math.max(STEADIEST, value + tQuantile(UPPER_TAIL, found.length - 1) * deviation);
}

/** Saturday or Sunday, UTC. @param hour since 1970, which began on a Thursday */
function isWeekend(hour: number): boolean {
  return [2, 3].includes(Math.floor(hour / DAY) % 7);
}
