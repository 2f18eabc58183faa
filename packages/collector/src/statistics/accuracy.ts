import { addedUp, type BinCounts, joinBins, joinSmallBins, sharesOf, totalOf } from './bins.js';
import { varianceOf } from './cohort-ratio.js';
import { radiusAtAnyLook } from './distributions.js';
import type { Estimate } from './figure.js';
import { withoutHeaviest } from './heaviest-cohorts.js';

/** Labelled runs by bin of confidence. */
export interface Labelled {
  readonly counts: BinCounts;
  readonly correct: BinCounts;
}

/** Held-out samples by bin of confidence. */
export interface HeldOut extends Labelled {
  /** Between the edges of each bin. */
  readonly middles: readonly number[];
}

/** Runs of a cohort by bin of confidence, and those whose truth came back. */
export interface CohortAccuracy {
  readonly runs: BinCounts;
  readonly labels: Labelled;
}

/** Fewer cohorts with labels say too little about how much cohorts differ. */
const FEWEST_COHORTS = 8;

/** A bin with fewer labels joins a neighbour. */
const FEWEST_LABELS = 10;

/**
 * Estimates accuracy without labels: how often was the model right on held-out data when it was as sure as in the
 * field? (confidence-based performance estimation, binned). It does not see when the same confidence comes to mean
 * less.
 */
export function estimatedAccuracy(
  cohorts: readonly BinCounts[],
  baseline: HeldOut,
): Estimate | undefined {
  const runs = addedUp(cohorts);
  const n = totalOf(runs);
  if (n === 0 || totalOf(baseline.counts) === 0) return undefined;
  const shares = sharesOf(runs);
  const expected = expectedCorrect(baseline);
  const value = weigh(shares, expected);
  const own = varianceOf(
    cohorts
      .filter((counts) => totalOf(counts) > 0)
      .map((counts) => (weigh(counts, expected) - value * totalOf(counts)) / n),
  );
  const lab = shares.reduce((sum, share, bin) => {
    const rate = expected[bin] as number;
    return sum + (share ** 2 * rate * (1 - rate)) / ((baseline.counts[bin] ?? 0) + 1);
  }, 0);
  return { value, variance: own.variance + lab, n, degrees: own.degrees };
}

/**
 * Estimates accuracy from the runs whose truth came back, weighted to how sure the model was in all runs. People rather
 * correct what looks wrong, so unweighted labels show too many errors.
 */
export function labelledAccuracy(cohorts: readonly CohortAccuracy[]): Estimate | undefined {
  const all = addedUp(cohorts.map(({ labels }) => labels.counts));
  const n = totalOf(all);
  const labelled = cohorts.filter((cohort) => totalOf(cohort.labels.counts) > 0);
  if (n < FEWEST_LABELS || labelled.length < FEWEST_COHORTS) return undefined;
  const target = joinSmallBins(all, FEWEST_LABELS);
  const join = (counts: BinCounts) => joinBins(counts, target);
  const [labels, correct] = [join(all), join(addedUp(cohorts.map(({ labels }) => labels.correct)))];
  const runs = join(addedUp(cohorts.map(({ runs }) => runs)));
  const total = totalOf(runs);
  const shares = total === 0 ? sharesOf(labels) : sharesOf(runs);
  const rates = labels.map((count, bin) => (correct[bin] ?? 0) / count);
  const value = weigh(shares, rates);
  const deviations = cohorts.map((cohort) => {
    const [own, right] = [join(cohort.labels.counts), join(cohort.labels.correct)];
    const ofRates = shares.map(
      (share, bin) =>
        (share * ((right[bin] ?? 0) - (rates[bin] as number) * (own[bin] ?? 0))) /
        (labels[bin] as number),
    );
    const ownRuns = join(cohort.runs);
    const ofShares = total === 0 ? 0 : (weigh(ownRuns, rates) - value * totalOf(ownRuns)) / total;
    return totalOf(ofRates) + ofShares;
  });
  const { variance } = varianceOf(deviations);
  // the variance of labels that are all independent
  const least = shares.reduce((sum, share, bin) => {
    const rate = rates[bin] as number;
    return sum + (share ** 2 * rate * (1 - rate)) / (labels[bin] as number);
  }, 0);
  return { value, n, variance: Math.max(variance, least), degrees: labelled.length - 1 };
}

/** Accuracy on held-out data. */
export function baselineAccuracy({ counts, correct }: Labelled): Estimate | undefined {
  const n = totalOf(counts);
  if (n === 0) return undefined;
  const value = totalOf(correct) / n;
  return { value, variance: (value * (1 - value)) / n, n, degrees: Math.max(1, n - 1) };
}

/** How many fewer runs are right than the baseline has at the same confidence. */
export interface ConceptChange {
  /** Expected share of right runs less the share that was right, of labelled runs. */
  readonly deficit: number;
  /** The deficit with bins weighed by their precision, and its lower end, which holds at every look. */
  readonly weighted: number;
  readonly low: number;
  readonly n: number;
}

/** The deficit that is looked for. */
const CONCEPT_EFFECT = 0.1;
/** Where the model is always right, one error must not weigh more than twenty in other bins. */
const LEAST_WRONG = 0.05;

/**
 * Tests whether the same confidence still means the same. Each bin is weighed by its precision: few errors are expected
 * where the model was sure, and many baseline samples make an expectation firm.
 *
 * @param level probability that the lower end is ever above the truth
 * @returns undefined where too few cohorts have labels
 */
export function conceptChange(
  cohorts: readonly Labelled[],
  baseline: HeldOut,
  level: number,
): ConceptChange | undefined {
  const labelled = cohorts.filter(({ counts }) => totalOf(counts) > 0);
  if (labelled.length < FEWEST_COHORTS || totalOf(baseline.counts) === 0) return undefined;
  const counts = addedUp(labelled.map((cohort) => cohort.counts));
  const n = totalOf(counts);
  const expected = expectedCorrect(baseline);
  const samples = samplesOf(baseline);
  const weights = precisionWeights(counts, baseline);
  const all = weigh(counts, weights);
  const sums = labelled.map((cohort) => ({
    missing: weigh(missingIn(cohort, expected), weights),
    whole: weigh(cohort.counts, weights),
  }));
  const weighted = totalOf(sums.map((cohort) => cohort.missing)) / all;
  const spread = varianceOf(sums.map((cohort) => (cohort.missing - weighted * cohort.whole) / all));
  // each bin has the variance of independent labels, and that of its baseline samples
  const varianceOfBins = (of: (bin: number) => number) =>
    expected.reduce((sum, rate, bin) => {
      return sum + ((weights[bin] as number) / all) ** 2 * rate * (1 - rate) * of(bin);
    }, 0);
  const least = varianceOfBins((bin) => counts[bin] ?? 0);
  const lab = varianceOfBins((bin) => (counts[bin] ?? 0) ** 2 / (samples[bin] as number));
  // the variance is estimated from few cohorts, and varies as in Student's distribution
  const { degrees } = spread;
  const variance = (Math.max(spread.variance, least) + lab) * (degrees / (degrees - 2));
  return {
    deficit: totalOf(labelled.flatMap((cohort) => missingIn(cohort, expected))) / n,
    weighted,
    low: weighted - radiusAtAnyLook(variance, CONCEPT_EFFECT, level),
    n,
  };
}

/** Tells whether a change of what confidence means is none without the cohorts with most of the deficit. */
export function isConceptByFew(
  cohorts: readonly Labelled[],
  baseline: HeldOut,
  level: number,
): boolean {
  const isAlarm = (of: readonly Labelled[]) => (conceptChange(of, baseline, level)?.low ?? 0) > 0;
  const expected = expectedCorrect(baseline);
  const weights = precisionWeights(addedUp(cohorts.map(({ counts }) => counts)), baseline);
  const deficits = cohorts.map((cohort) => weigh(missingIn(cohort, expected), weights));
  return isAlarm(cohorts) && !isAlarm(withoutHeaviest(cohorts, deficits));
}

/** Runs by bin that should have been right and were not. */
function missingIn({ counts, correct }: Labelled, expected: readonly number[]): number[] {
  return expected.map((rate, bin) => rate * (counts[bin] ?? 0) - (correct[bin] ?? 0));
}

function samplesOf({ counts }: HeldOut): number[] {
  return counts.map((count) => count + 1);
}

function precisionWeights(counts: BinCounts, baseline: HeldOut): number[] {
  const samples = samplesOf(baseline);
  return expectedCorrect(baseline).map((rate, bin) => {
    const firmness = (samples[bin] as number) / ((samples[bin] as number) + (counts[bin] ?? 0));
    return firmness / Math.max(LEAST_WRONG, 1 - rate);
  });
}

/** Share right in each bin. One more sample, right as often as the model says, keeps bins from being empty. */
function expectedCorrect({ counts, correct, middles }: HeldOut): number[] {
  return counts.map((count, bin) => {
    const said = Math.min(1, Math.max(0, middles[bin] ?? 0.5));
    return (Math.min(correct[bin] ?? 0, count) + said) / (count + 1);
  });
}

function weigh(amounts: readonly number[], values: readonly number[]): number {
  return amounts.reduce((sum, amount, bin) => sum + amount * (values[bin] ?? 0), 0);
}
