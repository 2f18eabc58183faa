/** How many items two variants of a model got right and wrong, of the same items. */
export interface PairedCounts {
  readonly items: number;
  /** The original alone got these right. */
  readonly lost: number;
  /** The candidate alone got these right. */
  readonly gained: number;
}

/** The share of right answers that a candidate has less than its original; below 0 it has more. */
export interface PairedLoss {
  readonly loss: number;
  /** Bounds of the interval of 95 %; of one of several slices, of an interval in which all their losses are together. */
  readonly low: number;
  readonly high: number;
}

export type Verdict = 'passed' | 'refused' | 'undecided';

/** The quantile of the normal distribution with 95 % between both sides. */
const Z = 1.959963984540054;

/**
 * The same where so many losses have to lie in their intervals together: each gets its share of the 5 % (Bonferroni). To
 * 4.5e-4: Abramowitz and Stegun, Handbook of Mathematical Functions, 26.2.23.
 */
function deviationsFor(comparisons: number): number {
  if (comparisons <= 1) return Z;
  const t = Math.sqrt(-2 * Math.log(0.025 / comparisons));
  const above = 2.515517 + t * (0.802853 + t * 0.010328);
  return t - above / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
}

/** Halvings of an interval of length 2: its bounds are exact to 1e-12. */
const HALVINGS = 41;

/**
 * The loss of a candidate with its score interval for paired proportions: Tango, Equivalence test and confidence interval
 * for the difference in proportions for the paired-sample design, Statistics in Medicine 17 (1998). It holds where no item
 * differs, too.
 *
 * @param comparisons losses of which this is one; where there are many, one of them is far out by chance
 * @throws RangeError for counts that no items have
 */
export function pairedLoss(counts: PairedCounts, comparisons = 1): PairedLoss {
  const { items, lost, gained } = counts;
  const areCounts = [items, lost, gained].every(
    (count) => Number.isSafeInteger(count) && count >= 0,
  );
  if (!areCounts || items === 0 || lost + gained > items) {
    throw new RangeError(`expected counts of at least one item, got ${JSON.stringify(counts)}`);
  }
  return intervalOf(counts, deviationsFor(comparisons));
}

/** Takes any numbers that are not negative, for what counts would be of more items. */
function intervalOf(counts: PairedCounts, z: number): PairedLoss {
  const loss = (counts.lost - counts.gained) / counts.items;
  return {
    loss,
    low: boundOf(counts, { from: loss, to: -1, z }),
    high: boundOf(counts, { from: loss, to: 1, z }),
  };
}

/** Where the score is `z` from 0: it grows on the way from the loss to either end. */
function boundOf(
  counts: PairedCounts,
  { from, to, z }: { from: number; to: number; z: number },
): number {
  let [inside, outside] = [from, to];
  for (let i = 0; i < HALVINGS; i += 1) {
    const middle = (inside + outside) / 2;
    if (Math.abs(scoreOf(counts, middle)) < z) inside = middle;
    else outside = middle;
  }
  return (inside + outside) / 2;
}

/** The score statistic of a difference, and the most likely share of gained items if it were true. */
function scoreOf({ items, lost, gained }: PairedCounts, difference: number): number {
  const a = 2 * items;
  const b = (a - lost + gained) * difference - lost - gained;
  const c = -gained * difference * (1 - difference);
  const share = (Math.sqrt(Math.max(0, b * b - 4 * a * c)) - b) / (2 * a);
  const variance = items * (2 * share + difference * (1 - difference));
  const distance = lost - gained - items * difference;
  if (distance === 0) return 0;
  return variance > 0
    ? distance / Math.sqrt(variance)
    : Math.sign(distance) * Number.POSITIVE_INFINITY;
}

/** Passed if a loss is surely within `maxLoss`, refused if it is surely above. */
export function verdictOf({ low, high }: PairedLoss, maxLoss: number): Verdict {
  if (high <= maxLoss) return 'passed';
  return low > maxLoss ? 'refused' : 'undecided';
}

/**
 * How many items decide, if others differ as often as these do.
 *
 * @returns undefined where the loss is so near to `maxLoss` that a million would not
 */
export function itemsToDecide(
  counts: PairedCounts,
  maxLoss: number,
  comparisons = 1,
): number | undefined {
  const { items, lost, gained } = counts;
  const z = deviationsFor(comparisons);
  const isDecided = (count: number) => {
    const factor = count / items;
    const scaled = { items: count, lost: lost * factor, gained: gained * factor };
    return verdictOf(intervalOf(scaled, z), maxLoss) !== 'undecided';
  };
  let [tooFew, enough] = [items - 1, items];
  while (!isDecided(enough)) {
    [tooFew, enough] = [enough, Math.ceil(enough * STEP)];
    if (enough > MOST_ITEMS) return undefined;
  }
  while (enough - tooFew > 1) {
    const middle = (tooFew + enough) >> 1;
    if (isDecided(middle)) enough = middle;
    else tooFew = middle;
  }
  return enough;
}

const MOST_ITEMS = 1_000_000;
const STEP = 1.02;

/** So many items pass if not one of them differs. Fewer pass only where the candidate gained some. */
export function leastItems(maxLoss: number): number {
  return Math.ceil((Z * Z * (1 - maxLoss)) / maxLoss);
}

/** The most that items may add that were not asked yet. An item that the original gets right cannot be gained. */
export interface Rest {
  readonly items: number;
  readonly mayLose: number;
  readonly mayGain: number;
}

/**
 * The verdicts that the rest leaves open, the best and the worst: each bound of the interval grows with each lost item, and
 * falls with each gained one.
 */
export function openVerdicts(
  { items, lost, gained }: PairedCounts,
  rest: Rest,
  maxLoss: number,
  comparisons = 1,
): { readonly best: Verdict; readonly worst: Verdict } {
  const total = items + rest.items;
  const best = { items: total, lost, gained: gained + rest.mayGain };
  const worst = { items: total, lost: lost + rest.mayLose, gained };
  return {
    best: verdictOf(pairedLoss(best, comparisons), maxLoss),
    worst: verdictOf(pairedLoss(worst, comparisons), maxLoss),
  };
}
