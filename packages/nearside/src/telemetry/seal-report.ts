import {
  type Histogram,
  histogramToJson,
  REPORT_VERSION,
  type Report,
  total,
} from '@nearside/core';
import type { Tally } from './tally.js';

export type Dimensions = Report['dimensions'];

/** Everything about a window that is not counted in it. */
export interface SealContext {
  readonly id: string;
  readonly cohort: number;
  readonly first: boolean;
  readonly startMs: number;
  readonly endMs: number;
  readonly dimensions: Dimensions;
  /** First 16 hex digits of the baseline's SHA-256, where the model has one. */
  readonly driftEdges: string | undefined;
}

/** The most frequent labels keep their name; the rest is counted together. */
const NAMED_CLASSES = 16;
const LABEL_LENGTH = 64;
const NAMED_FEATURES = 64;
/** Beside confidence and classes. */
const REPORTED_DISTRIBUTIONS = 8;
/** A report of more than 8 KiB is refused whole; names may be long, in any script. */
const FEATURES_BYTES = 3_000;

/** A window's counts → report v1, with nothing said where there is nothing to say. */
export function sealReport(tally: Tally, context: SealContext): Report {
  return {
    v: REPORT_VERSION,
    id: context.id,
    g: context.cohort,
    first: context.first,
    t0: Math.round(context.startMs),
    dt: Math.max(0, Math.round(context.endMs - context.startMs)),
    sent: Math.round(context.endMs),
    dimensions: context.dimensions,
    health: {
      ok: tally.ok,
      ...(tally.errors.size > 0 && { errors: Object.fromEntries(tally.errors) }),
      ...nonZero({
        aborted: tally.aborted,
        invalid: tally.invalid,
        coldStarts: tally.coldStarts,
        cacheHits: tally.cacheHits,
        fallbacks: tally.fallbacks,
        quarantines: tally.quarantines,
        bytesFetched: tally.bytesFetched,
      }),
      ...histograms({ load: tally.load }),
    },
    ...(tally.ok > 0 && { latency: latency(tally) }),
    ...(tally.substituted.size > 0 && { inputs: substitutions(tally) }),
    ...(context.driftEdges && tally.bins.size > 0 && { drift: drift(tally, context.driftEdges) }),
    ...(tally.feedback.length + tally.unmatchedFeedback > 0 && {
      feedback: { bins: tally.feedback, ...nonZero({ unmatched: tally.unmatchedFeedback }) },
    }),
  };
}

/** Bins by name; of a class mix the most frequent labels. */
function drift({ bins, classes }: Tally, edges: string): NonNullable<Report['drift']> {
  const { confidence, class: _, ...others } = Object.fromEntries(bins);
  const named = Object.entries(others).filter(([name]) => name.length <= LABEL_LENGTH);
  const features = Object.fromEntries(named.slice(0, REPORTED_DISTRIBUTIONS));
  return {
    edges,
    ...(confidence && { confidence }),
    ...(classes.size > 0 && classCounts(classes)),
    ...(named.length > 0 && { features }),
  };
}

function latency({ latency: stages }: Tally): NonNullable<Report['latency']> {
  const { total, ...rest } = stages;
  return { total: histogramToJson(total), ...histograms(rest) };
}

/** [missing, stale, invalid] of the features that defaults stood in for most. */
function substitutions({ substituted }: Tally): NonNullable<Report['inputs']> {
  const rows = [...substituted].map(
    ([feature, { missing, stale, invalid }]) =>
      [feature, [missing, stale, invalid] as [number, number, number]] as const,
  );
  const often = ([, counts]: (typeof rows)[number]) => counts.reduce((sum, count) => sum + count);
  rows.sort((a, b) => often(b) - often(a));
  const named: typeof rows = [];
  let sizeBytes = 0;
  for (const row of rows.slice(0, NAMED_FEATURES)) {
    sizeBytes += new TextEncoder().encode(JSON.stringify(row)).length;
    if (sizeBytes > FEATURES_BYTES) break;
    named.push(row);
  }
  return Object.fromEntries(named);
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

function classCounts(classes: ReadonlyMap<string, number>) {
  const byCount = [...classes].sort(([, a], [, b]) => b - a);
  const nameable = byCount.filter(([label]) => label.length > 0 && label.length <= LABEL_LENGTH);
  const named = nameable.slice(0, NAMED_CLASSES);
  const all = byCount.reduce((sum, [, count]) => sum + count, 0);
  const other = all - named.reduce((sum, [, count]) => sum + count, 0);
  return { classes: Object.fromEntries(named), ...nonZero({ otherClasses: other }) };
}
