import {
  type Histogram,
  histogramToJson,
  MAX_REPORT_BYTES,
  REPORT_LIMITS,
  REPORT_VERSION,
  type Report,
  total,
} from '@nearside/core';
import type { Counts, SeriesTally, Tally } from './tally.js';

export type Dimensions = Report['dimensions'];

/** Everything about a window that is not counted in it. */
export interface SealContext {
  readonly id: string;
  readonly cohort: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly dimensions: Dimensions;
  /** First 16 hex digits of the baseline's SHA-256, where the model has one. */
  readonly baseline: string | undefined;
}

/** What a report of more than 8 KiB does without, in this order, until it fits. Never its health. */
const DISPENSABLE = [
  'inputs',
  'drift',
  'outcomes',
  'feedback',
  'resource',
  'stream',
  'score',
  'updates',
  'opens',
] as const;

/** Room for what is added when it is stored and sent. */
const FIRSTS_BYTES = 100;

/** A window's counts → report v1, with nothing said where there is nothing to say. */
export function sealReport(tally: Tally, context: SealContext): Report {
  const isObserved = context.baseline !== undefined && tally.observed > 0;
  const feedback = feedbackOf(tally);
  const report: Report = {
    v: REPORT_VERSION,
    id: context.id,
    g: context.cohort,
    t0: Math.round(context.startMs),
    dt: Math.max(0, Math.round(context.endMs - context.startMs)),
    sent: Math.round(context.endMs),
    dimensions: context.dimensions,
    health: healthOf(tally),
    ...group('opens', opensOf(tally)),
    ...(tally.updates.size > 0 && { updates: updatesOf(tally) }),
    ...(tally.ok > 0 && { latency: latencyOf(tally) }),
    ...series('score', tally.score),
    ...series('stream', tally.stream),
    ...group('resource', nonZero({ busyMs: Math.round(tally.busyMs) })),
    ...(tally.substituted.size > 0 && { inputs: inputsOf(tally) }),
    ...((isObserved || feedback) && context.baseline && { baseline: context.baseline }),
    ...(isObserved && { drift: { seen: tally.observed, counts: countsOf(tally.sample) } }),
    ...(feedback && { feedback }),
    ...(tally.outcomes.size > 0 && { outcomes: outcomesOf(tally) }),
    ...codes('loss', tally.loss),
  };
  return fitted(report);
}

function fitted(report: Report): Report {
  const slim = { ...report };
  for (const name of DISPENSABLE) {
    if (sizeOf(slim) <= MAX_REPORT_BYTES - FIRSTS_BYTES) break;
    delete slim[name];
    slim.loss = { ...report.loss, 'too-large': (report.loss?.['too-large'] ?? 0) + 1 };
  }
  return slim;
}

export function sizeOf(report: Report): number {
  return new TextEncoder().encode(JSON.stringify(report)).length;
}

function healthOf(tally: Tally): Report['health'] {
  const quarantines = [...tally.quarantines.values()].slice(0, REPORT_LIMITS.quarantines);
  return {
    ok: tally.ok,
    ...codes('errors', tally.errors),
    ...nonZero({ aborted: tally.aborted }),
    ...codes('invalid', tally.invalid),
    ...nonZero({ fallbacks: tally.fallbacks }),
    ...histograms({ coldRuns: tally.coldRuns, queueDepth: tally.queueDepth }),
    ...nonZero({ bytesFetched: tally.bytesFetched }),
    ...(quarantines.length > 0 && { quarantines }),
  };
}

function opensOf({ opens: { tried, failed, ...times } }: Tally): Report['opens'] {
  const timed = histograms(times);
  if (tried === 0 && Object.keys(timed).length === 0) return undefined;
  return { tried, ...codes('failed', failed), ...timed };
}

function updatesOf({ updates }: Tally): NonNullable<Report['updates']> {
  return [...updates]
    .slice(0, REPORT_LIMITS.updates)
    .map(([version, { installed, failed, rolledBack }]) => ({
      version,
      ...nonZero({ installed }),
      ...codes('failed', failed),
      ...codes('rolledBack', rolledBack),
    }));
}

function latencyOf({ latency: { total, ...stages } }: Tally): NonNullable<Report['latency']> {
  return { total: histogramToJson(total), ...histograms(stages) };
}

function series<Name extends 'score' | 'stream'>(
  name: Name,
  { ok, failed, dropped, duration }: SeriesTally,
): { [N in Name]?: Report['score'] } {
  if (ok + dropped + failed.size === 0) return {};
  const counted = {
    ok,
    ...codes('failed', failed),
    ...nonZero({ dropped }),
    ...histograms({ duration }),
  };
  return { [name]: counted } as { [N in Name]?: Report['score'] };
}

/** Of the features that defaults stood in for most. */
function inputsOf({ substituted }: Tally): NonNullable<Report['inputs']> {
  const often = ([, missing, stale, invalid]: NonNullable<Report['inputs']>[number]) =>
    missing + stale + invalid;
  return [...substituted]
    .map(([place, { missing, stale, invalid }]) => [place, missing, stale, invalid] as Input)
    .sort((a, b) => often(b) - often(a))
    .slice(0, REPORT_LIMITS.features);
}

type Input = NonNullable<Report['inputs']>[number];

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

function feedbackOf({ feedback, unmatchedFeedback }: Tally): Report['feedback'] {
  if (feedback.size + unmatchedFeedback === 0) return undefined;
  const byAge = [...feedback].map(([days, { bins, confusion, values }]) => ({
    days,
    ...(bins.length > 0 && { bins }),
    ...(confusion.size > 0 && { confusion: confusionOf(confusion) }),
    ...(values[0] > 0 && { values: values.map(rounded) as typeof values }),
  }));
  return { byAge, ...nonZero({ unmatched: unmatchedFeedback }) };
}

/** The pairs that came most. */
function confusionOf(confusion: Counts): [number, number, number][] {
  return [...confusion]
    .sort(([, a], [, b]) => b - a)
    .slice(0, REPORT_LIMITS.confusedPairs)
    .map(([pair, n]) => [...pair.split(',').map(Number), n] as [number, number, number]);
}

function outcomesOf({ outcomes }: Tally): NonNullable<Report['outcomes']> {
  return Object.fromEntries(
    [...outcomes].map(([name, [n, sum, squares]]) => [name, [n, rounded(sum), rounded(squares)]]),
  );
}

/** A sum needs no more digits than its terms had. */
function rounded(sum: number): number {
  return Number(sum.toPrecision(9));
}

function codes<Name extends string>(
  name: Name,
  counts: Counts,
): { [N in Name]?: Record<string, number> } {
  const told = counts.size > 0 ? { [name]: Object.fromEntries(counts) } : {};
  return told as { [N in Name]?: Record<string, number> };
}

function group<Name extends string, Value extends object>(
  name: Name,
  value: Value | undefined,
): { [N in Name]?: Value } {
  const isThere = value !== undefined && Object.keys(value).length > 0;
  return (isThere ? { [name]: value } : {}) as { [N in Name]?: Value };
}

function histograms<Name extends string>(named: Record<Name, Histogram>) {
  const filled = (Object.entries(named) as [Name, Histogram][]).filter(([, h]) => total(h) > 0);
  return Object.fromEntries(filled.map(([name, h]) => [name, histogramToJson(h)])) as {
    [N in Name]?: ReturnType<typeof histogramToJson>;
  };
}

function nonZero<Name extends string>(counts: Record<Name, number>): { [N in Name]?: number } {
  const filled = Object.entries<number>(counts).filter(([, count]) => count > 0);
  return Object.fromEntries(filled) as { [N in Name]?: number };
}
