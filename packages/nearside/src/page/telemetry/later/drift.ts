import { type Distribution, stabilityIndex, sum } from '@nearside/core';
import type { DriftScore, ModelEmitter } from '../../../shared/api/events.js';
import type { ServedVersion } from '../../../shared/ended-run.js';
import type { Observation } from '../../../shared/protocol.js';

/** Fewer observations have no score: even that of fifty is moved by chance by about 0.05. */
const FEWEST = 50;

/** A score from here on is large: the rule of thumb of credit scoring (Siddiqi, Credit Risk Scorecards, 2006). */
const LARGE = 0.25;

/** Each group of bins expects so many observations; the chi-square test asks for five (Cochran, 1954). */
const EXPECTED = 10;

/** One in 100,000 draws of a standard normal lies above. */
const RARE = 4.265;

/** Observations of one version on this device, by place of the distribution and by bin. */
interface Observed {
  readonly version: string;
  readonly baseline: string;
  readonly distributions: readonly Distribution[];
  readonly counts: readonly number[][];
  /** Observations of each distribution. */
  readonly seen: number[];
}

/**
 * Compares observations of this device with the baseline of the version that made them. Tells listeners of a
 * distribution whose score is large, once for each distribution. It looks at 50, 100, 200, … observations, each time
 * with a chi-square test of the two samples at a level of 1 in 100,000. Twenty looks reach 26 million observations:
 * where these are independent and come from what the baseline was taken from, it tells of at most one in 5,000
 * distributions. A device whose user differs from the baseline's is rightly told of.
 */
export function watchDrift(emitter: ModelEmitter) {
  const told = new Set<string>();
  let observed: Observed | undefined;

  function look(distribution: Distribution, counts: readonly number[], n: number): void {
    const { name } = distribution;
    if (told.has(name) || !isTimeToLook(n)) return;
    const { psi, isEvident } = compare(distribution, counts);
    if (psi === undefined || psi < LARGE || !isEvident) return;
    told.add(name);
    emitter.emit('drift-detected', { ...describe(distribution, n), psi });
  }

  return {
    observe(served: ServedVersion, { bins }: Observation): void {
      observed = continued(observed, served);
      if (!observed) return;
      for (const [place, distribution] of observed.distributions.entries()) {
        const counts = observed.counts[place];
        const bin = bins[place] ?? -1;
        if (!counts || bin < 0) continue;
        counts[bin] = (counts[bin] ?? 0) + 1;
        const n = (observed.seen[place] ?? 0) + 1;
        observed.seen[place] = n;
        look(distribution, counts, n);
      }
    },
    /** Scores of the version that was observed last; undefined where none has a baseline. */
    scores(): readonly DriftScore[] | undefined {
      return observed?.distributions.map((distribution, place) => {
        const counts = observed?.counts[place] ?? [];
        return {
          ...describe(distribution, observed?.seen[place] ?? 0),
          psi: compare(distribution, counts).psi,
        };
      });
    },
  };
}

/** The same counts while the same version is observed, on whichever backend. */
function continued(
  before: Observed | undefined,
  { version, loaded }: ServedVersion,
): Observed | undefined {
  const { version: name } = version.release;
  const { hash = '' } = loaded?.baseline ?? {};
  if (before?.version === name && before.baseline === hash) return before;
  const distributions = loaded?.distributions;
  return (
    distributions && {
      version: name,
      baseline: hash,
      distributions,
      counts: distributions.map(({ counts }) => counts.map(() => 0)),
      seen: distributions.map(() => 0),
    }
  );
}

function describe({ name, kind }: Distribution, observations: number) {
  return { distribution: name, kind, observations };
}

function isTimeToLook(n: number): boolean {
  return n >= FEWEST && Number.isInteger(Math.log2(n / FEWEST));
}

interface Comparison {
  /** Debiased; undefined where there is too little to compare. */
  readonly psi: number | undefined;
  /** Two samples of the same would differ as much less than once in 100,000. */
  readonly isEvident: boolean;
}

/** Two samples, of which the baseline is one: its own error counts too. */
export function compare(distribution: Distribution, counts: readonly number[]): Comparison {
  const n = sum(counts);
  const inBaseline = sum(distribution.counts);
  const groups = n < FEWEST ? [] : groupBins(distribution, EXPECTED / Math.min(n, inBaseline));
  if (groups.length < 2) return { psi: undefined, isEvident: false };
  const observed = groups.map((bins) => sum(bins.map((bin) => counts[bin] ?? 0)));
  const expected = groups.map((bins) => sum(bins.map((bin) => distribution.counts[bin] ?? 0)));
  const freedom = groups.length - 1;
  return {
    psi: Math.max(0, stabilityIndex(observed, expected) - freedom * (1 / n + 1 / inBaseline)),
    isEvident: chiSquare(observed, expected) > rareChiSquare(freedom),
  };
}

/**
 * Puts bins together until each group has its share of the baseline: neighbours where bins are of numbers, the rarest
 * where they are of labels. Observations have no say in it, or the test would not hold.
 *
 * @param share of the baseline's counts, 0 … 1
 */
function groupBins(distribution: Distribution, share: number): number[][] {
  const { counts } = distribution;
  const least = share * sum(counts);
  const bins = [...counts.keys()];
  if ('labels' in distribution) bins.sort((a, b) => (counts[a] ?? 0) - (counts[b] ?? 0));
  const groups: number[][] = [];
  let group: number[] = [];
  for (const bin of bins) {
    group.push(bin);
    if (sum(group.map((each) => counts[each] ?? 0)) < least) continue;
    groups.push(group);
    group = [];
  }
  if (groups.length > 0) groups.at(-1)?.push(...group);
  return groups;
}

/** The chi-square of two samples of different sizes (Numerical Recipes, third edition, section 14.3.3). */
function chiSquare(observed: readonly number[], expected: readonly number[]): number {
  const ratio = Math.sqrt(sum(expected) / sum(observed));
  return sum(
    observed.map((count, i) => {
      const other = expected[i] as number;
      return (count * ratio - other / ratio) ** 2 / (count + other);
    }),
  );
}

/**
 * A chi-square lies above this less than once in 100,000, by Wilson and Hilferty (1931). Up to 31 degrees of freedom
 * the bound is too high by 11 % at most, so that less is told and nothing more.
 */
export function rareChiSquare(freedom: number): number {
  const variance = 2 / (9 * freedom);
  return freedom * (1 - variance + RARE * Math.sqrt(variance)) ** 3;
}
