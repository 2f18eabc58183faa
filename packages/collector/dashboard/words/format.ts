import { DAY_MS } from '../../src/counting/time.js';

const COUNT = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const COMPACT = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });
const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const SECONDS = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});
const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });

const UTC_DAY = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  timeZone: 'UTC',
});

const MONTH = new Intl.DateTimeFormat('en', { month: 'long', year: 'numeric', timeZone: 'UTC' });

/** Stands for a number that is not there. */
export const NOTHING = '–';

/** Stands for rows where no run was counted. */
export const NOTHING_RAN = 'Nothing ran in this range.';

/** Marks that turn the direction of a text, or end that. */
const TURNS = /[\u202a-\u202e\u2066-\u2069]/g;

/** Keeps the direction of a name in another script from turning the words around it. */
export function isolated(name: string): string {
  return /[^ -~]/.test(name) ? `\u2068${name.replace(TURNS, '')}\u2069` : name;
}

/** A report before a version is known has none. */
export function formatVersion(version: string): string {
  return version === '' ? 'none yet' : version;
}

/** "a, b and c" */
export function formatList(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

export function formatCount(value: number): string {
  return COUNT.format(value);
}

/** "1 run", "2,000 runs" */
export function countWords(count: number, what: string): string {
  return `${formatCount(count)} ${count === 1 ? what.slice(0, -1) : what}`;
}

/** 999 stays whole, 12,345 becomes 12.3K. */
export function formatCompact(value: number): string {
  return value < 10_000 ? COUNT.format(value) : COMPACT.format(value);
}

/** Splits a duration into number and unit, with three digits at most. */
export function splitDuration(ms: number): { value: string; unit: 'ms' | 's' } {
  return ms < 1000
    ? { value: threeDigits(ms), unit: 'ms' }
    : { value: threeDigits(ms / 1000), unit: 's' };
}

export function formatDuration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return NOTHING;
  const { value, unit } = splitDuration(ms);
  return `${value} ${unit}`;
}

/** Formats a share as percent. It is never rounded to 0 or 100 while it is neither. */
export function formatRate(rate: number | null | undefined): string {
  if (rate === null || rate === undefined) return NOTHING;
  const percent = rate * 100;
  if (percent === 100 || percent === 0) return `${percent}%`;
  if (percent > 99.99) return '>99.99%';
  if (percent < 0.01) return '<0.01%';
  return `${percent.toFixed(percent >= 99 || percent < 1 ? 2 : 1)}%`;
}

/** Formats a share that somebody chose, or that an axis has, with no more digits than it has: "5%", "0.25%". */
export function formatShare(share: number): string {
  return `${Number((share * 100).toFixed(2))}%`;
}

/** Formats the rest of a budget as percent. An overspent one is below 0, and is said in words. */
export function formatLeft(share: number | null | undefined): string {
  if (share === null || share === undefined) return NOTHING;
  if (share >= 0) return `${Math.round(share * 100)}%`;
  if (share > -1) return `overspent by ${formatRate(-share)}`;
  const times = 1 - share;
  if (times > 1000) return 'spent over 1,000 times';
  return `spent ${times < 10 ? Number(times.toFixed(1)) : COUNT.format(times)} times over`;
}

/** Formats a share as percent, and another number, such as a mean, as it is. */
export function formatShareOf(value: number | null): string {
  if (value === null) return NOTHING;
  return value >= 0 && value <= 1 ? formatRate(value) : String(Number(value.toPrecision(3)));
}

export function formatClock(timeMs: number): string {
  return CLOCK.format(timeMs);
}

export function formatSeconds(timeMs: number): string {
  return SECONDS.format(timeMs);
}

export function formatDay(timeMs: number): string {
  return DAY.format(timeMs);
}

/** Formats a day of UTC, and not of the reader's time zone. */
export function formatUtcDay(timeMs: number): string {
  return UTC_DAY.format(timeMs);
}

/** "March 2026", in UTC. */
export function formatMonth(timeMs: number): string {
  return MONTH.format(timeMs);
}

/** "25 Nov, 14:05", with the year where it is not this one. */
export function formatMoment(timeMs: number): string {
  const year = new Date(timeMs).getFullYear();
  const ofYear = year === new Date().getFullYear() ? '' : ` ${year}`;
  return `${formatDay(timeMs)}${ofYear}, ${formatClock(timeMs)}`;
}

/** Formats when something began that is known by windows. Days are UTC's, and have no clock. */
export function formatSince(timeMs: number, windowMs = 0): string {
  return windowMs >= DAY_MS ? `${formatUtcDay(timeMs)} (UTC)` : formatMoment(timeMs);
}

/** Formats a part of a whole, in words where it is nearly all. A part of a change can be more than all. */
export function formatPart(share: number): string {
  if (share >= 0.995) return 'all';
  return share >= 0.95 ? 'nearly all' : formatRate(share);
}

/** A difference of shares in points: "+1.2 points". */
export function formatPoints(difference: number | null | undefined): string {
  if (difference === null || difference === undefined) return NOTHING;
  const points = difference * 100;
  const digits = Math.abs(points) < 1 ? 2 : 1;
  return `${points > 0 ? '+' : points < 0 ? '−' : ''}${Math.abs(points).toFixed(digits)} points`;
}

/** A step of a chart: "14:05–14:10", "25 Nov, 12:00–18:00", "25 Nov". */
export function formatStep(atMs: number, stepMs: number, rangeMs: number): string {
  if (stepMs >= DAY_MS) return `${formatUtcDay(atMs)} (UTC)`;
  const clock = `${formatClock(atMs)}–${formatClock(atMs + stepMs)}`;
  return rangeMs > DAY_MS ? `${formatDay(atMs)}, ${clock}` : clock;
}

function threeDigits(value: number): string {
  if (value === 0) return '0';
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return value.toFixed(digits);
}

/** A length of time in its two largest units: "2 d 4 h", "35 min". */
export function formatSpan(ms: number): string {
  const minutes = Math.max(0, Math.round(ms / 60_000));
  const [days, hours, rest] = [
    Math.floor(minutes / 1440),
    Math.floor((minutes % 1440) / 60),
    minutes % 60,
  ];
  if (days > 0) return hours > 0 ? `${days} d ${hours} h` : `${days} d`;
  if (hours > 0) return rest > 0 ? `${hours} h ${rest} min` : `${hours} h`;
  return `${rest} min`;
}
