import {
  createHistogram,
  type ErrorCode,
  type Histogram,
  record,
  type Substitution,
} from '@nearside/core';
import type { Observation } from '../protocol.js';

/** Durations of one successful run, ms. */
export interface RunDurations {
  readonly total: number;
  readonly queue: number;
  readonly pre: number;
  readonly run: number;
  readonly post: number;
}

/** Counts and histograms of what a version did in a report's window. */
export interface Tally {
  ok: number;
  readonly errors: Map<ErrorCode, number>;
  aborted: number;
  invalid: number;
  coldStarts: number;
  cacheHits: number;
  fallbacks: number;
  quarantines: number;
  bytesFetched: number;
  readonly load: Histogram;
  readonly latency: Readonly<Record<keyof RunDurations, Histogram>>;
  /** By bin of the baseline, by the name of a distribution; of labels `classes` has more. */
  readonly bins: Map<string, number[]>;
  readonly classes: Map<string, number>;
  /** How often a default stood in for a feature, by its name. */
  readonly substituted: Map<string, Readonly<Record<Substitution, number>>>;
  /** [n, correct] by confidence bin. */
  readonly feedback: [number, number][];
  unmatchedFeedback: number;
}

/** The end-to-end time at scale 3 (±4.33 %), its stages at scale 2. */
export function createTally(): Tally {
  return {
    ok: 0,
    errors: new Map(),
    aborted: 0,
    invalid: 0,
    coldStarts: 0,
    cacheHits: 0,
    fallbacks: 0,
    quarantines: 0,
    bytesFetched: 0,
    load: createHistogram(2),
    latency: {
      total: createHistogram(3),
      queue: createHistogram(2),
      pre: createHistogram(2),
      run: createHistogram(2),
      post: createHistogram(2),
    },
    bins: new Map(),
    classes: new Map(),
    substituted: new Map(),
    feedback: [],
    unmatchedFeedback: 0,
  };
}

export function tallyRun(tally: Tally, durations: RunDurations, observation?: Observation): void {
  tally.ok += 1;
  for (const stage of Object.keys(tally.latency) as (keyof RunDurations)[]) {
    record(tally.latency[stage], Math.max(0, durations[stage]));
  }
  const { bins = [], label, substituted = [] } = observation ?? {};
  for (const [feature, reason] of substituted) {
    const counts = tally.substituted.get(feature) ?? { missing: 0, stale: 0, invalid: 0 };
    tally.substituted.set(feature, { ...counts, [reason]: counts[reason] + 1 });
  }
  for (const [distribution, bin] of bins) {
    const counts = tally.bins.get(distribution) ?? [];
    tally.bins.set(distribution, counts);
    increment(counts, bin);
  }
  if (label !== undefined) tally.classes.set(label, (tally.classes.get(label) ?? 0) + 1);
}

export function tallyFeedback(tally: Tally, confidenceBin: number, correct: boolean): void {
  while (tally.feedback.length <= confidenceBin) tally.feedback.push([0, 0]);
  const bin = tally.feedback[confidenceBin] as [number, number];
  bin[0] += 1;
  if (correct) bin[1] += 1;
}

/** Whether there is anything to report. */
export function isEmpty(tally: Tally): boolean {
  return (
    tally.ok +
      tally.errors.size +
      tally.aborted +
      tally.invalid +
      tally.coldStarts +
      tally.cacheHits +
      tally.fallbacks +
      tally.quarantines +
      tally.feedback.length +
      tally.unmatchedFeedback ===
    0
  );
}

function increment(bins: number[], bin: number): void {
  while (bins.length <= bin) bins.push(0);
  bins[bin] = (bins[bin] ?? 0) + 1;
}
