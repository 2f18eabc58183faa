import {
  createHistogram,
  type Histogram,
  record,
  SAMPLED_OBSERVATIONS,
  type Substitution,
} from '@nearside/core';
import type { LostPage } from '../../../shared/api/backends.js';
import type { Observation } from '../../../shared/protocol.js';
import type { ShadowTally } from './shadow-tally.js';
import type { SharesByBin } from './shares-by-bin.js';

/** Counts by code, name or place. */
export type Counts<Key = string> = Map<Key, number>;

/** Durations of one successful run, ms. */
export type RunDurations = Readonly<Record<'total' | 'queue' | 'pre' | 'run' | 'post', number>>;

/** Inputs of `score`, or frames of streams. */
export interface SeriesTally {
  ok: number;
  readonly failed: Counts;
  dropped: number;
  readonly duration: Histogram;
}

export interface UpdateTally {
  installed: number;
  readonly failed: Counts;
  readonly rolledBack: Counts;
}

/** Feedback on runs that are so many days old. */
export interface FeedbackTally {
  /** Of the runs those that were correct. */
  readonly bins: SharesByBin;
  /** By place of the actual label and of the predicted one, as `actual,predicted`. */
  readonly confusion: Counts;
  /** n, Σ error, Σ |error|, Σ error². */
  readonly values: [number, number, number, number];
}

/** Counts and histograms of what happened in a report's window. */
export interface Tally {
  ok: number;
  readonly errors: Counts;
  aborted: number;
  readonly invalid: Counts;
  fallbacks: number;
  readonly coldRuns: Histogram;
  readonly queueDepth: Histogram;
  bytesFetched: number;
  /** By backend, variant and code. */
  readonly quarantines: Map<string, { backend: string; variant: string; code: string; n: number }>;
  readonly opens: { tried: number; readonly failed: Counts } & Readonly<
    Record<'network' | 'store' | 'rest', Histogram>
  >;
  /** By the version that was tried. */
  readonly updates: Map<string, UpdateTally>;
  readonly latency: Readonly<Record<keyof RunDurations, Histogram>>;
  readonly score: SeriesTally;
  readonly stream: SeriesTally;
  busyMs: number;
  heapPeakBytes: number;
  /** How often a default stood in for a feature, by its place. */
  readonly substituted: Map<number, Readonly<Record<Substitution, number>>>;
  /** Runs that were observed, and an even sample of them: their bins. */
  observed: number;
  readonly sample: (readonly number[])[];
  /** By age of the run in whole days. */
  readonly feedback: Map<number, FeedbackTally>;
  unmatchedFeedback: number;
  /** n, sum and sum of squares, by the name that the app gives. */
  readonly outcomes: Map<string, readonly [number, number, number]>;
  /** Of several shadows in a window the newest. */
  shadow: ShadowTally | undefined;
  readonly loss: Counts;
}

/** Times that people wait for are at scale 3 (±4.33 %), their stages and loads at scale 2. */
export function createTally(): Tally {
  const series = (): SeriesTally => ({
    ok: 0,
    failed: new Map(),
    dropped: 0,
    duration: createHistogram(3),
  });
  return {
    ok: 0,
    errors: new Map(),
    aborted: 0,
    invalid: new Map(),
    fallbacks: 0,
    coldRuns: createHistogram(3),
    queueDepth: createHistogram(2),
    bytesFetched: 0,
    quarantines: new Map(),
    opens: {
      tried: 0,
      failed: new Map(),
      network: createHistogram(2),
      store: createHistogram(2),
      rest: createHistogram(2),
    },
    updates: new Map(),
    latency: {
      total: createHistogram(3),
      queue: createHistogram(2),
      pre: createHistogram(2),
      run: createHistogram(2),
      post: createHistogram(2),
    },
    score: series(),
    stream: series(),
    busyMs: 0,
    heapPeakBytes: 0,
    substituted: new Map(),
    observed: 0,
    sample: [],
    feedback: new Map(),
    unmatchedFeedback: 0,
    outcomes: new Map(),
    shadow: undefined,
    loss: new Map(),
  };
}

export function increment<Key>(counts: Counts<Key>, key: Key, by = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}

/** A successful run that somebody waited for. */
export function tallyRun(tally: Tally, durations: RunDurations, isCold: boolean): void {
  tally.ok += 1;
  for (const stage of Object.keys(tally.latency) as (keyof RunDurations)[]) {
    record(tally.latency[stage], Math.max(0, durations[stage]));
  }
  if (isCold) record(tally.coldRuns, Math.max(0, durations.total));
}

export function tallyObservation(tally: Tally, { bins, substituted }: Observation): void {
  for (const [place, reason] of substituted) {
    const counts = tally.substituted.get(place) ?? { missing: 0, stale: 0, invalid: 0 };
    tally.substituted.set(place, { ...counts, [reason]: counts[reason] + 1 });
  }
  if (bins.length > 0) sampleEvenly(tally, bins);
}

/** Every observation is in the sample with the same chance (Vitter's algorithm R, 1985). */
function sampleEvenly(tally: Tally, bins: readonly number[]): void {
  tally.observed += 1;
  const place = Math.floor(Math.random() * tally.observed);
  if (tally.sample.length < SAMPLED_OBSERVATIONS) tally.sample.push(bins);
  else if (place < SAMPLED_OBSERVATIONS) tally.sample[place] = bins;
}

export function feedbackOfAge({ feedback }: Tally, days: number): FeedbackTally {
  return entryOf(feedback, days, { bins: [], confusion: new Map(), values: [0, 0, 0, 0] });
}

export function updateOf({ updates }: Tally, version: string): UpdateTally {
  return entryOf(updates, version, { installed: 0, failed: new Map(), rolledBack: new Map() });
}

function entryOf<Key, Entry>(entries: Map<Key, Entry>, key: Key, fresh: Entry): Entry {
  const entry = entries.get(key) ?? fresh;
  entries.set(key, entry);
  return entry;
}

/** @param what.backend undefined where it failed before one was chosen; as the variant */
export function tallyQuarantine(
  { quarantines }: Tally,
  what: {
    readonly backend: string | undefined;
    readonly variant: string | undefined;
    readonly code: string;
  },
): void {
  const { backend = 'none', variant = 'none', code } = what;
  const key = `${backend} ${variant} ${code}`;
  const known = quarantines.get(key) ?? { backend, variant, code, n: 0 };
  quarantines.set(key, { ...known, n: known.n + 1 });
}

/** A page that died: an `open` that failed, or a run, and in any case work that its backend and variant were lost in. */
export function tallyLost(tally: Tally, { phase, backend, variant }: LostPage): void {
  if (phase === 'opening' || phase === 'loading') tallyFailedOpen(tally, 'page-lost');
  if (phase === 'running') increment(tally.errors, 'page-lost');
  tallyQuarantine(tally, { backend, variant, code: `lost-${phase}` });
}

/** A page that died as its device was changing to another version. */
export function tallyLostUpdate(tally: Tally, version: string | undefined): void {
  if (version !== undefined) increment(updateOf(tally, version).failed, 'page-lost');
}

export function tallyFailedOpen({ opens }: Tally, code: string): void {
  opens.tried += 1;
  increment(opens.failed, code);
}
