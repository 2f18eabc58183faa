import { stabilityIndex } from '@nearside/core';
import { addedUp, type BinCounts, joinBins, joinSmallBins, sharesOf, totalOf } from './bins.js';
import { fSurvival } from './distributions.js';

/** How a distribution over bins differs from a reference, judged by how much cohorts differ among themselves. */
export interface CompositionChange {
  /** Population stability index of the joined bins. */
  readonly psi: number;
  /** The average index without a change: Σ V_bb / m_b. */
  readonly expectedPsi: number;
  /** Rao–Scott to the second order. Where bins are ordered, it is twice the smaller of that and the smooth test's. */
  readonly pValue: number;
  /** Rao–Scott to the first order, for comparison: it takes all design effects as equal. */
  readonly naivePValue: number;
  /** Observations that were compared with the reference. */
  readonly n: number;
}

/** A bin with a smaller share joins a neighbour, because a handful of events says nothing. */
const SMALLEST_SHARE = 0.01;

/** Fewer cohorts say too little about their spread. */
export const FEWEST_COHORTS = 16;

/**
 * Tests whether the field has changed. Window and reference have the same cohorts, whose peculiarities cancel.
 *
 * @param window counts by cohort, then by bin
 * @param reference likewise, of an earlier time
 * @param fewestCohorts of each
 * @returns undefined where too few cohorts saw anything
 */
export function changeSince(
  window: readonly BinCounts[],
  reference: readonly BinCounts[],
  { isOrdered, fewestCohorts = FEWEST_COHORTS }: { isOrdered: boolean; fewestCohorts?: number },
): CompositionChange | undefined {
  if (Math.min(seeing(window), seeing(reference)) < fewestCohorts) return undefined;
  return compare(window, { counts: addedUp(reference), cohorts: reference }, isOrdered);
}

/**
 * Tests whether the field is like the lab. The lab's samples are taken as independent, and their sampling error counts.
 *
 * @param window counts by cohort, then by bin
 * @param lab counts by bin
 * @param fewestCohorts of the window
 */
export function differenceFromLab(
  window: readonly BinCounts[],
  lab: BinCounts,
  { isOrdered, fewestCohorts = FEWEST_COHORTS }: { isOrdered: boolean; fewestCohorts?: number },
): CompositionChange | undefined {
  if (seeing(window) < fewestCohorts) return undefined;
  return compare(window, { counts: lab }, isOrdered);
}

/** Shares out the lab's samples by how much each cohort observed: a cohort carries its own part of a difference from it. */
export function labByCohort(window: readonly BinCounts[], lab: BinCounts): BinCounts[] {
  const n = totalOf(addedUp(window)) || 1;
  return window.map((own) => lab.map((count) => (count * totalOf(own)) / n));
}

/** Computes how much of a change each cohort carries. Together they carry Σ d² ÷ m. */
export function carriedByCohort(
  window: readonly BinCounts[],
  reference: readonly BinCounts[],
): number[] {
  const [all, before] = [addedUp(window), addedUp(reference)];
  const [n, m] = [totalOf(all) || 1, totalOf(before) || 1];
  const [p, q] = [sharesOf(all), sharesOf(before)];
  const middle = middleOf(p, q);
  const along = p.map((share, bin) => {
    const d = share - (q[bin] ?? 0);
    return d === 0 ? 0 : d / (middle[bin] as number);
  });
  return window.map((own, cohort) =>
    along.reduce(
      (sum, by, bin) => sum + by * ((own[bin] ?? 0) / n - (reference[cohort]?.[bin] ?? 0) / m),
      0,
    ),
  );
}

interface Reference {
  readonly counts: BinCounts;
  /** Left out for a sample of independent observations. */
  readonly cohorts?: readonly BinCounts[];
}

function compare(
  window: readonly BinCounts[],
  reference: Reference,
  isOrdered: boolean,
): CompositionChange | undefined {
  const all = addedUp(window);
  const [n, m] = [totalOf(all), totalOf(reference.counts)];
  if (m === 0) return undefined;

  const target = joinSmallBins(middleOf(sharesOf(all), sharesOf(reference.counts)), SMALLEST_SHARE);
  const counts = joinBins(all, target);
  const referenceCounts = joinBins(reference.counts, target);
  if (counts.length < 2) return { psi: 0, expectedPsi: 0, pValue: 1, naivePValue: 1, n };

  const [p, q] = [sharesOf(counts), sharesOf(referenceCounts)];
  const middle = middleOf(p, q);
  const difference = p.map((share, bin) => share - (q[bin] as number));
  const pairs = window
    .map((own, cohort) => ({ own, other: reference.cohorts?.[cohort] ?? [] }))
    .filter(({ own, other }) => totalOf(own) + totalOf(other) > 0);
  const deviations = pairs.map(({ own, other }) => {
    const ofOther = deviation(joinBins(other, target), q, m);
    return deviation(joinBins(own, target), p, n).map((z, bin) => z - (ofOther[bin] as number));
  });
  const covariance = covarianceOf(deviations);
  if (!reference.cohorts) addMultinomial(covariance, q, m);

  const test = raoScott(difference, middle, covariance);
  const degrees = deviations.length - 1;
  const pValue = fSurvival(test.ratio, test.degrees, test.degrees * degrees);
  const smooth = isOrdered ? smoothTest(difference, middle, covariance, degrees) : undefined;
  const bins = counts.length - 1;
  return {
    psi: stabilityIndex(counts, referenceCounts),
    expectedPsi: test.expected,
    pValue: smooth === undefined ? pValue : Math.min(1, 2 * Math.min(pValue, smooth)),
    naivePValue: fSurvival(test.ratio, bins, bins * degrees),
    n,
  };
}

/** Counts the cohorts with observations. */
function seeing(cohorts: readonly BinCounts[]): number {
  return cohorts.filter((counts) => totalOf(counts) > 0).length;
}

/** Computes what one cohort adds to the difference of a share from its expectation (linearised ratio). */
function deviation(counts: BinCounts, shares: readonly number[], total: number): number[] {
  const own = totalOf(counts);
  return shares.map((share, bin) => ((counts[bin] ?? 0) - share * own) / total);
}

/** Covariance of a sum over cohorts. */
function covarianceOf(deviations: readonly (readonly number[])[]): number[][] {
  const cohorts = deviations.length;
  const bins = deviations[0]?.length ?? 0;
  const covariance = Array.from({ length: bins }, () => new Array<number>(bins).fill(0));
  for (const z of deviations) {
    for (const [i, row] of covariance.entries()) {
      for (const j of row.keys()) row[j] = (row[j] as number) + (z[i] as number) * (z[j] as number);
    }
  }
  const factor = cohorts / (cohorts - 1);
  return covariance.map((row) => row.map((value) => value * factor));
}

function addMultinomial(covariance: number[][], shares: readonly number[], n: number): void {
  for (const [i, row] of covariance.entries()) {
    for (const j of row.keys()) {
      const [p, q] = [shares[i] as number, shares[j] as number];
      row[j] = (row[j] as number) + ((i === j ? p : 0) - p * q) / n;
    }
  }
}

/**
 * Computes the test of Rao and Scott (1981, 1984), second order. Without a change X² = Σ d² / m has the expectation tr
 * Δ, where Δ is the covariance in units of m. X² / tr Δ is near an F of (tr Δ)² / tr Δ² degrees of freedom.
 */
function raoScott(
  difference: readonly number[],
  middle: readonly number[],
  covariance: readonly (readonly number[])[],
): { ratio: number; degrees: number; expected: number } {
  let [statistic, trace, squares] = [0, 0, 0];
  for (const [i, row] of covariance.entries()) {
    statistic += (difference[i] as number) ** 2 / (middle[i] as number);
    trace += (row[i] as number) / (middle[i] as number);
    for (const [j, value] of row.entries()) {
      squares += value ** 2 / ((middle[i] as number) * (middle[j] as number));
    }
  }
  if (trace === 0) return { ratio: statistic === 0 ? 0 : Infinity, degrees: 1, expected: 0 };
  return { ratio: statistic / trace, degrees: trace ** 2 / squares, expected: trace };
}

/**
 * Computes Neyman's smooth test with two components, a shift and a spread, as Hotelling's T² of the cohorts. It sees a
 * slow change of many bins with fewer devices than a test bin by bin.
 */
function smoothTest(
  difference: readonly number[],
  middle: readonly number[],
  covariance: readonly (readonly number[])[],
  degrees: number,
): number {
  const ranks = midRanks(middle);
  const components = [ranks, ranks.map((rank) => rank ** 2)];
  const project = (list: readonly number[], by: readonly number[]) =>
    list.reduce((sum, value, bin) => sum + value * (by[bin] as number), 0);
  const [u, v] = components.map((by) => project(difference, by)) as [number, number];
  const [[a, b], [, d]] = components.map((first) =>
    components.map((second) =>
      project(
        covariance.map((row) => project(row, second)),
        first,
      ),
    ),
  ) as [[number, number], [number, number]];
  const determinant = a * d - b * b;
  if (!(determinant > 1e-12 * a * d)) return 1;
  const squared = (d * u * u - 2 * b * u * v + a * v * v) / determinant;
  return fSurvival((squared * (degrees - 1)) / (2 * degrees), 2, degrees - 1);
}

/** Returns the rank of each bin's middle among all, −½ … ½. */
function midRanks(shares: readonly number[]): number[] {
  let below = 0;
  return shares.map((share) => {
    const rank = below + share / 2 - 0.5;
    below += share;
    return rank;
  });
}

function middleOf(p: readonly number[], q: readonly number[]): number[] {
  return p.map((share, bin) => (share + (q[bin] ?? 0)) / 2);
}
