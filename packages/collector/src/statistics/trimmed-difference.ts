/** Difference between the sides of one cohort, and the number of events behind it. */
export interface CohortDifference {
  readonly difference: number;
  readonly weight: number;
}

/** So many cohorts are left out at each end. A forger holds no more. */
const TRIMMED = 4;
/** Four forged high cohorts push four honest low ones out. Leaving out more high ones makes up for it. */
const TAKEN_BACK = 2;

/**
 * Computes a mean difference of cohorts that a forger of four cohorts cannot move. The four lowest and the four highest
 * are left out, and no cohort weighs more than the median one. A forger inflates a share of the total, and at twice the
 * median four cohorts double the variance and hide a bad canary. The variance is that of a trimmed mean, from
 * winsorised values (Tukey and McLaughlin 1963; weighted).
 */
export function trimmedDifference(cohorts: readonly CohortDifference[]): {
  readonly value: number;
  /** The difference is at least this, whatever four cohorts send. */
  readonly cautious: number;
  readonly variance: number;
  readonly degrees: number;
} {
  const heaviest = median(cohorts.map(({ weight }) => weight));
  const sorted = cohorts
    .map(({ difference, weight }) => ({ difference, weight: Math.min(weight, heaviest) }))
    .sort((a, b) => a.difference - b.difference);
  const kept = sorted.slice(TRIMMED, -TRIMMED);
  const value = weightedMean(kept);
  const cautious = weightedMean(kept.slice(0, -TAKEN_BACK));

  const lowest = kept[0] as CohortDifference;
  const highest = kept.at(-1) as CohortDifference;
  const winsorised = sorted.map(({ difference, weight }) => ({
    difference: Math.min(Math.max(difference, lowest.difference), highest.difference),
    weight,
  }));
  const centre = weightedMean(winsorised);
  const squares = winsorised.reduce(
    (sum, { difference, weight }) => sum + (weight * (difference - centre)) ** 2,
    0,
  );
  const whole = kept.reduce((sum, { weight }) => sum + weight, 0);
  const variance = ((squares / whole ** 2) * sorted.length) / (sorted.length - 1);
  return { value, cautious, variance, degrees: kept.length - 1 };
}

function weightedMean(cohorts: readonly CohortDifference[]): number {
  let [whole, sum] = [0, 0];
  for (const { difference, weight } of cohorts) {
    whole += weight;
    sum += difference * weight;
  }
  return sum / whole;
}

export function median(values: readonly number[]): number {
  const sorted = new Float64Array(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}
