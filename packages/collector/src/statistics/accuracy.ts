import { addedUp, type BinCounts, joinBins, joinSmallBins, sharesOf, totalOf } from './bins.js';
import { varianceOf } from './cohort-ratio.js';
import { radiusAtAnyLook } from './distributions.js';
import type { Estimate } from './figure.js';

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

/** What cohorts saw: all runs by bin of confidence, and those whose truth came back. */
export interface CohortAccuracy {
  readonly runs: BinCounts;
  readonly labels: Labelled;
}

/** Fewer cohorts with labels say too little about how much they differ. */
const FEWEST_COHORTS = 8;

/** Fewer labels in a bin say too little about it: it joins a neighbour. */
const FEWEST_LABELS = 10;

/**
 * Accuracy without labels: how sure the model is in the field, and how often it was right at that on held-out data
 * (confidence-based performance estimation, binned). It cannot see that the same confidence has come to mean less.
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
 * Accuracy of those runs whose truth came back, weighted to how sure the model was in all runs: people rather correct what
 * looks wrong, so that labels show more errors than there are.
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
  // as much as labels vary even if all are independent
  const least = shares.reduce((sum, share, bin) => {
    const rate = rates[bin] as number;
    return sum + (share ** 2 * rate * (1 - rate)) / (labels[bin] as number);
  }, 0);
  return { value, n, variance: Math.max(variance, least), degrees: labelled.length - 1 };
}

/** Held-out accuracy. */
export function baselineAccuracy({ counts, correct }: Labelled): Estimate | undefined {
  const n = totalOf(counts);
  if (n === 0) return undefined;
  const value = totalOf(correct) / n;
  return { value, variance: (value * (1 - value)) / n, n, degrees: Math.max(1, n - 1) };
}

/** How many fewer are right than the baseline has at the same confidence. */
export interface ConceptChange {
  /** Labelled runs: share that was to be right less the share that was. */
  readonly deficit: number;
  /** The same with bins weighed by what they say, and its lower end, which holds at every look. */
  readonly weighted: number;
  readonly low: number;
  readonly n: number;
}

/** A deficit that is looked for. */
const CONCEPT_EFFECT = 0.1;
/** Where the model is always right, one error must not weigh more than twenty elsewhere. */
const LEAST_WRONG = 0.05;

/**
 * Does the same confidence still mean the same? Each bin is weighed by how much it can say: few errors are expected where
 * the model was sure, and many baseline samples make an expectation firm.
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
  const counts = addedUp(labelled.map((cohort) => cohort.counts));
  const n = totalOf(counts);
  if (labelled.length < FEWEST_COHORTS || totalOf(baseline.counts) === 0) return undefined;
  const expected = expectedCorrect(baseline);
  const samples = expected.map((_, bin) => (baseline.counts[bin] ?? 0) + 1);
  const weights = expected.map((rate, bin) => {
    const firmness = (samples[bin] as number) / ((samples[bin] as number) + (counts[bin] ?? 0));
    return firmness / Math.max(LEAST_WRONG, 1 - rate);
  });
  const missing = ({ counts, correct }: Labelled) =>
    expected.map((rate, bin) => rate * (counts[bin] ?? 0) - (correct[bin] ?? 0));

  const all = weigh(counts, weights);
  const sums = labelled.map((cohort) => ({
    missing: weigh(missing(cohort), weights),
    whole: weigh(cohort.counts, weights),
  }));
  const weighted = totalOf(sums.map((cohort) => cohort.missing)) / all;
  const spread = varianceOf(sums.map((cohort) => (cohort.missing - weighted * cohort.whole) / all));
  // of each bin: how its labels vary even if all are independent, and its samples
  const varianceOfBins = (of: (bin: number) => number) =>
    expected.reduce((sum, rate, bin) => {
      return sum + ((weights[bin] as number) / all) ** 2 * rate * (1 - rate) * of(bin);
    }, 0);
  const least = varianceOfBins((bin) => counts[bin] ?? 0);
  const lab = varianceOfBins((bin) => (counts[bin] ?? 0) ** 2 / (samples[bin] as number));
  // estimated from few cohorts, the variance has a variance too: as that of Student's distribution
  const { degrees } = spread;
  const variance = (Math.max(spread.variance, least) + lab) * (degrees / (degrees - 2));
  return {
    deficit: totalOf(labelled.flatMap(missing)) / n,
    weighted,
    low: weighted - radiusAtAnyLook(variance, CONCEPT_EFFECT, level),
    n,
  };
}

/** Share right in each bin, with one sample more that is right as often as the model says: no bin is without one. */
function expectedCorrect({ counts, correct, middles }: HeldOut): number[] {
  return counts.map((count, bin) => {
    const said = Math.min(1, Math.max(0, middles[bin] ?? 0.5));
    return (Math.min(correct[bin] ?? 0, count) + said) / (count + 1);
  });
}

function weigh(amounts: readonly number[], values: readonly number[]): number {
  return amounts.reduce((sum, amount, bin) => sum + amount * (values[bin] ?? 0), 0);
}
