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
  /** Bounds of the interval of 95 %. */
  readonly low: number;
  readonly high: number;
}

export type Verdict = 'passed' | 'refused' | 'undecided';

/** Of the normal distribution, for 95 % between both sides. */
const Z = 1.959963984540054;

/** Halvings of an interval of length 2: its bounds are exact to 1e-12. */
const HALVINGS = 41;

/**
 * The loss of a candidate with its score interval for paired proportions: Tango, Equivalence test and confidence interval
 * for the difference in proportions for the paired-sample design, Statistics in Medicine 17 (1998). It holds where no item
 * differs, too.
 *
 * @throws RangeError for counts that no items have
 */
export function pairedLoss(counts: PairedCounts): PairedLoss {
  const { items, lost, gained } = counts;
  const areCounts = [items, lost, gained].every(
    (count) => Number.isSafeInteger(count) && count >= 0,
  );
  if (!areCounts || items === 0 || lost + gained > items) {
    throw new RangeError(`expected counts of at least one item, got ${JSON.stringify(counts)}`);
  }
  return intervalOf(counts);
}

/** Takes any numbers that are not negative, for what counts would be of more items. */
function intervalOf(counts: PairedCounts): PairedLoss {
  const loss = (counts.lost - counts.gained) / counts.items;
  return {
    loss,
    low: boundOf(counts, { from: loss, to: -1 }),
    high: boundOf(counts, { from: loss, to: 1 }),
  };
}

/** Where the score is as far from 0 as 95 % allow: it grows on the way from the loss to either end. */
function boundOf(counts: PairedCounts, { from, to }: { from: number; to: number }): number {
  let [inside, outside] = [from, to];
  for (let i = 0; i < HALVINGS; i += 1) {
    const middle = (inside + outside) / 2;
    if (Math.abs(scoreOf(counts, middle)) < Z) inside = middle;
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
export function itemsToDecide(counts: PairedCounts, maxLoss: number): number | undefined {
  const { items, lost, gained } = counts;
  const isDecided = (count: number) => {
    const factor = count / items;
    const scaled = { items: count, lost: lost * factor, gained: gained * factor };
    return verdictOf(intervalOf(scaled), maxLoss) !== 'undecided';
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

/** What items that were not asked yet may add. An item that the original gets right cannot be gained. */
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
): { readonly best: Verdict; readonly worst: Verdict } {
  const total = items + rest.items;
  const best = { items: total, lost, gained: gained + rest.mayGain };
  const worst = { items: total, lost: lost + rest.mayLose, gained };
  return {
    best: verdictOf(pairedLoss(best), maxLoss),
    worst: verdictOf(pairedLoss(worst), maxLoss),
  };
}
