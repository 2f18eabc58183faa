import {
  excessesOf,
  type First,
  type Histogram,
  histogramToJson,
  MAX_COUNT,
  MAX_REPORT_BYTES,
  REPORT_LIMITS,
  REPORT_VERSION,
  type Report,
  total,
} from '@nearside/core';
import type { Dimensions } from './report-subject.js';
import type { Counts, Tally } from './tally.js';

/** Everything about a window that is not counted in it. */
export interface SealContext {
  readonly id: string;
  readonly cohort: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly dimensions: Dimensions;
  /** The window is this device's first of these. */
  readonly firsts?: readonly First[];
  /** First 16 hex digits of the baseline's SHA-256, where the model has one. */
  readonly baseline: string | undefined;
}

/** A report of more than 8 KiB loses these in this order until it fits. It never loses its health. */
const DISPENSABLE = [
  'inputs',
  'drift',
  'shadow',
  'outcomes',
  'feedback',
  'resource',
  'stream',
  'score',
  'updates',
  'opens',
] as const;

/** A window that could not be sealed for days gives this as its length, ms. */
const LONGEST_MS = 86_400_000;

/**
 * A window's counts → report v1, with nothing said where there is nothing to say.
 *
 * @returns undefined for a window in which nothing happened; that a worker was busy is nothing by itself
 */
export function sealReport(tally: Tally, context: SealContext): Report | undefined {
  const { startMs, endMs, baseline, firsts = [] } = context;
  const isObserved = baseline !== undefined && tally.observed > 0;
  const { ok, opens, score, stream } = tally;
  const health = told({
    errors: tally.errors,
    aborted: tally.aborted,
    invalid: tally.invalid,
    fallbacks: tally.fallbacks,
    coldRuns: tally.coldRuns,
    queueDepth: tally.queueDepth,
    bytesFetched: tally.bytesFetched,
    quarantines: [...tally.quarantines.values()].slice(0, REPORT_LIMITS.quarantines),
  });
  const groups = told({
    opens: around({ tried: opens.tried }, told(opens)),
    updates: updatesOf(tally),
    latency: told(tally.latency),
    score: around({ ok: score.ok }, told(score)),
    stream: around({ ok: stream.ok }, told(stream)),
    inputs: inputsOf(tally),
    baseline: isObserved || tally.feedback.size > 0 || tally.shadow ? baseline : undefined,
    drift: isObserved ? { seen: tally.observed, counts: countsOf(tally.sample) } : undefined,
    feedback: feedbackOf(tally),
    outcomes: outcomesOf(tally),
    shadow: tally.shadow,
    loss: tally.loss,
  });
  if (!around({}, { ...health, ...groups })) return undefined;
  const report = {
    v: REPORT_VERSION,
    id: context.id,
    g: context.cohort,
    t0: Math.round(startMs),
    dt: Math.min(LONGEST_MS, Math.max(0, Math.round(endMs - startMs))),
    sent: Math.round(endMs),
    dimensions: context.dimensions,
    ...told({ first: firsts }),
    health: { ok, ...health },
    ...groups,
    ...told({
      resource: told({
        heapPeakBytes: tally.heapPeakBytes,
        busyMs: Math.round(tally.busyMs),
      }),
    }),
  } as Report;
  return fitted(bounded(report));
}

/** Undefined where there are no counts; else these with those that are always told. */
function around<Always extends object>(always: Always, counts: object): object | undefined {
  return Object.keys(counts).length > 0 ? { ...always, ...counts } : undefined;
}

/** Leaves out what says nothing: counts of zero, histograms and lists that are empty. */
function told(counts: object): object {
  const entries = Object.entries(counts).map(([name, value]) => [name, sentAs(value)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

function sentAs(value: unknown): unknown {
  if (!value) return undefined;
  if (value instanceof Map) return value.size > 0 ? Object.fromEntries(value) : undefined;
  if (Array.isArray(value)) return value.length > 0 ? value : undefined;
  if (typeof value !== 'object') return value;
  if ('scale' in value) {
    const histogram = value as Histogram;
    return total(histogram) > 0 ? histogramToJson(histogram) : undefined;
  }
  return Object.keys(value).length > 0 ? value : undefined;
}

/** Without what no device can do, as a clock that stood still would have it. What is left out is counted as lost. */
function bounded(report: Report): Report {
  const [excess] = excessesOf(report);
  if (!excess) return report;
  const [path, got] = excess;
  const [group, field] = path.split('.') as [keyof Report, string?];
  const rest = field && { ...(report[group] as object), [field]: undefined };
  const runs = { health: { ok: 0 }, latency: undefined, score: undefined, stream: undefined };
  const left = path === 'health' ? runs : { [group]: rest };
  return bounded(losing({ ...report, ...left } as Report, SUMS.includes(path) ? 1 : got));
}

/** These count no events. */
const SUMS = ['health.bytesFetched', 'resource.busyMs'];

/** So many events are in no report. */
function losing(report: Report, n: number): Report {
  const lost = (report.loss?.['too-large'] ?? 0) + n;
  return { ...report, loss: { ...report.loss, 'too-large': Math.min(lost, MAX_COUNT) } };
}

function fitted(report: Report): Report {
  const slim = { ...report };
  for (const name of DISPENSABLE) {
    if (isSendable(slim)) break;
    delete slim[name];
    slim.loss = losing(report, 1).loss;
  }
  return slim;
}

/** A collector takes no larger report. */
export function isSendable(report: Report): boolean {
  return sizeOf(toJson(report)) <= MAX_REPORT_BYTES;
}

/** Bytes of a text as it is sent. */
export function sizeOf(body: string): number {
  return new TextEncoder().encode(body).length;
}

/** As `JSON.stringify`, also where a page gives arrays a `toJSON`, as Prototype.js does: the replacer takes them as they are. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, function (this: Record<string, unknown>, name) {
    return this[name];
  });
}

function updatesOf({ updates }: Tally) {
  return [...updates]
    .slice(0, REPORT_LIMITS.updates)
    .map(([version, counts]) => ({ version, ...told(counts) }));
}

/** The features that defaults stood in for most. */
function inputsOf({ substituted }: Tally) {
  return [...substituted]
    .map(([place, { missing, stale, invalid }]) => [place, missing, stale, invalid] as const)
    .sort((a, b) => oftenOf(b) - oftenOf(a))
    .slice(0, REPORT_LIMITS.features);
}

function oftenOf([, missing, stale, invalid]: readonly [number, number, number, number]): number {
  return missing + stale + invalid;
}

/** By place of the distribution; bins at the end that are empty are left out. */
function countsOf(sample: Tally['sample']): number[][] {
  const counts: number[][] = [];
  for (const bins of sample) {
    for (const [place, bin] of bins.entries()) {
      counts[place] ??= [];
      const of = counts[place];
      while (of.length <= bin) of.push(0);
      if (bin >= 0) of[bin] = (of[bin] ?? 0) + 1;
    }
  }
  return counts;
}

function feedbackOf({ feedback, unmatchedFeedback: unmatched }: Tally) {
  const byAge = [...feedback].map(([days, { bins, confusion, values }]) => ({
    days,
    ...told({
      bins,
      confusion: confusionOf(confusion),
      values: values[0] > 0 ? values.map(rounded) : [],
    }),
  }));
  return byAge.length + unmatched > 0 ? { byAge, ...told({ unmatched }) } : undefined;
}

/** The pairs that came most. */
function confusionOf(confusion: Counts) {
  return [...confusion]
    .sort(([, a], [, b]) => b - a)
    .slice(0, REPORT_LIMITS.confusedPairs)
    .map(([pair, n]) => [...pair.split(',').map(Number), n]);
}

function outcomesOf({ outcomes }: Tally) {
  return Object.fromEntries(
    [...outcomes].map(([name, [n, sum, squares]]) => [name, [n, rounded(sum), rounded(squares)]]),
  );
}

/** A sum needs no more digits than its terms had. */
function rounded(sum: number): number {
  return Number(sum.toPrecision(9));
}
