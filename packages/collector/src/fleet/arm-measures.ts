import {
  bucketsOf,
  type GUARDRAILS,
  type Histogram,
  outcomeOfMargin,
  total,
  type VersionFacts,
} from '@nearside/core';
import { type Counts, latencyOf, sumOf } from '../counting/counts.js';
import { utcDay } from '../counting/time.js';
import { addedUp, type BinCounts, sharesOf, totalOf } from '../statistics/bins.js';
import type { RatioSums } from '../statistics/cohort-ratio.js';
import { FEWEST_COHORTS } from '../statistics/guardrail.js';
import { trimmedDifference } from '../statistics/trimmed-difference.js';
import type { CohortRow } from '../store/rollup-store.js';
import { binsIn, byCohort, latencyByCohort } from './cohort-rows.js';
import { confidenceBins } from './confidence-bins.js';
import { grouped } from './grouping.js';

/** Sums where there is no bound yet. Such a measure judges nothing, and without it nothing is promoted. */
const NOTHING_YET: RatioSums = { part: 0, whole: 0 };

/** Tolerated where the release names no margin, in hundredths of a point. docs/statistics.md has the cost of each. */
export const STANDARD_MARGINS_BPS: Readonly<Record<(typeof GUARDRAILS)[number], number>> = {
  'failed-runs': 50,
  'failed-devices': 200,
  'failed-starts': 50,
  'slow-runs': 200,
  'unsure-runs': 200,
  'missing-devices': 1000,
};
/** The same of an outcome. It is shown, and judges nothing. */
const OUTCOME_MARGIN_BPS = 500;

/** The two sides of a rollout are compared by measures. */
export interface Measure {
  readonly name: string;
  /** A higher share is worse. A size is a number of devices. A lower mean is worse. */
  readonly kind: 'share' | 'size' | 'mean';
  /** Tolerated where the release names no margin, in hundredths of a point. */
  readonly marginBps: number;
  sums(row: CohortRow): RatioSums;
}

/** Rows of the two sides of a rollout. */
export interface Sides {
  readonly canary: readonly CohortRow[];
  readonly control: readonly CohortRow[];
}

export function armMeasures(
  sides: Sides,
  { version, versions }: { version: string; versions: readonly VersionFacts[] },
): Measure[] {
  const known = versions.find((one) => one.version === version);
  return [
    share('failed-runs', ({ ok = 0, failed = 0 }) => ({ part: failed, whole: ok + failed })),
    share('failed-devices', ({ firsts }) => ({
      part: firsts?.['arm-day-failed'] ?? 0,
      whole: firsts?.['arm-day'] ?? 0,
    })),
    share('failed-starts', (counts) => startSums(counts, version)),
    ...slowRuns(sides),
    ...unsureRuns(sides, versions),
    {
      name: 'missing-devices',
      kind: 'size',
      marginBps: STANDARD_MARGINS_BPS['missing-devices'],
      sums: ({ counts }) => ({ part: 0, whole: counts.firsts?.['arm-day'] ?? 0 }),
    },
    ...outcomes(sides, known?.health ?? {}),
  ];
}

function share(
  name: keyof typeof STANDARD_MARGINS_BPS,
  sums: (counts: Counts) => RatioSums,
): Measure {
  const marginBps = STANDARD_MARGINS_BPS[name];
  return { name, kind: 'share', marginBps, sums: ({ counts }) => sums(counts) };
}

/** Counts opens and updates to the canary, because a version that never installs never starts. */
function startSums({ opens, updates }: Counts, version: string): RatioSums {
  const update = updates?.[version];
  const undone = sumOf(update?.failed) + sumOf(update?.rolledBack);
  return {
    part: sumOf(opens?.failed) + undone,
    whole: (opens?.tried ?? 0) + (update?.installed ?? 0) + sumOf(update?.failed),
  };
}

/** A slow run takes longer than 95 of 100 runs of the control did on its first day. The bound is a bucket's. */
function slowRuns({ control }: Sides): Measure[] {
  const bound = highestTwentieth(latencyByCohort(firstDays(control)));
  return [
    share('slow-runs', (counts) => {
      if (bound === undefined) return NOTHING_YET;
      const latency = latencyOf(counts);
      return { part: countAbove(latency, bound), whole: total(latency) };
    }),
  ];
}

/** Finds the first bucket above which at most one run of twenty lies, by the shares that most cohorts have. */
function highestTwentieth(cohorts: readonly Histogram[]): number | undefined {
  const seen = cohorts.filter((one) => total(one) > 0);
  if (seen.length < FEWEST_COHORTS) return undefined;
  const buckets = seen.flatMap((one) => [...bucketsOf(one)].map(([index]) => index));
  const candidates = [...new Set(buckets)].sort((a, b) => a - b);
  return candidates.find(
    (bound) => mostCohorts(seen.map((one) => countAbove(one, bound) / total(one))) <= 1 / 20,
  );
}

function countAbove(histogram: Histogram, bound: number): number {
  let count = 0;
  for (const [index, n] of bucketsOf(histogram)) if (index > bound) count += n;
  return count;
}

/** Mean of the cohorts' values without the extreme ones. */
function mostCohorts(values: readonly number[]): number {
  return trimmedDifference(values.map((difference) => ({ difference, weight: 1 }))).value;
}

/**
 * An unsure run is less sure than 95 of 100 runs of the control were on its first day, on a bound of the bins. Both
 * sides need the same bins.
 */
function unsureRuns({ canary, control }: Sides, versions: readonly VersionFacts[]): Measure[] {
  const confidences = new Map(versions.map((one) => [one.version, confidenceBins(one)]));
  const bins = (row: CohortRow): BinCounts => {
    const own = confidences.get(row.unit.version);
    return own ? binsIn([row], { ...own, bins: own.distribution.counts.length }) : [];
  };
  // reports without a version, or of an unlisted one, have no bins
  const listed = [...canary, ...control].filter(({ unit }) => confidences.get(unit.version));
  if (listed.length === 0) return [];
  const edges = new Set(
    listed.map(({ unit }) => confidences.get(unit.version)?.distribution.edges.join(' ')),
  );
  const lowest = lowestTwentieth(byCohort(firstDays(control), (rows) => addedUp(rows.map(bins))));
  const bound = edges.size === 1 ? lowest : undefined;
  return [
    {
      name: 'unsure-runs',
      kind: 'share',
      marginBps: STANDARD_MARGINS_BPS['unsure-runs'],
      sums(row) {
        if (bound === undefined) return NOTHING_YET;
        const counts = bins(row);
        return { part: totalOf(counts.slice(0, bound + 1)), whole: totalOf(counts) };
      },
    },
  ];
}

/**
 * Finds the first bin up to which one run of twenty lies, by the shares of the cohorts without the extreme ones.
 * Undefined where nearly all runs are in the last bin.
 */
function lowestTwentieth(cohorts: readonly BinCounts[]): number | undefined {
  const seen = cohorts.filter((counts) => totalOf(counts) > 0).map(sharesOf);
  if (seen.length < FEWEST_COHORTS) return undefined;
  const shares = sharesOf(
    (seen[0] as BinCounts).map((_, bin) => mostCohorts(seen.map((own) => own[bin] ?? 0))),
  );
  let below = 0;
  const bound = shares.findIndex((share) => {
    below += share;
    return below >= 1 / 20;
  });
  return bound === shares.length - 1 ? undefined : bound;
}

/** Outcomes that came, and those with a signed margin. One of these that never comes is not known. */
function outcomes({ canary, control }: Sides, health: Readonly<Record<string, number>>): Measure[] {
  const signed = Object.keys(health).flatMap((key) => outcomeOfMargin(key) ?? []);
  const declared = [...canary, ...control].flatMap(({ counts }) =>
    Object.keys(counts.outcomes ?? {}),
  );
  const names = new Set([...signed, ...declared]);
  return [...names].map((name) => ({
    name: `outcome-${name}`,
    kind: 'mean',
    marginBps: OUTCOME_MARGIN_BPS,
    sums({ counts }) {
      const found = counts.outcomes?.[name];
      return { part: found?.sum ?? 0, whole: found?.n ?? 0 };
    },
  }));
}

/** Rows of the first day, and of as many more as it takes until most cohorts are there. */
function firstDays(rows: readonly CohortRow[]): CohortRow[] {
  const days = [...grouped(rows, ({ hourMs }) => utcDay(hourMs))].sort(([a], [b]) => a - b);
  const found: CohortRow[] = [];
  for (const [, ofDay] of days) {
    found.push(...ofDay);
    if (new Set(found.map(({ cohort }) => cohort)).size >= FEWEST_COHORTS) break;
  }
  return found;
}
