import {
  itemsToDecide,
  type PairedCounts,
  type PairedLoss,
  pairedLoss,
  settledVerdict,
  type Verdict,
  verdictOf,
} from './paired-loss.js';

/** A candidate beside its reference, over the items that were asked. */
export interface Comparison extends PairedCounts, PairedLoss {
  readonly verdict: Verdict;
  /** So many items would decide, if others differ as often; undefined where no number would, or it is decided. */
  readonly itemsToDecide?: number;
}

export function compare(counts: PairedCounts, maxLoss: number): Comparison {
  const loss = pairedLoss(counts);
  const verdict = verdictOf(loss, maxLoss);
  const needed = verdict === 'undecided' ? itemsToDecide(counts, maxLoss) : undefined;
  return { ...counts, ...loss, verdict, ...(needed !== undefined && { itemsToDecide: needed }) };
}

/** Counts what a candidate lost and gained, and knows when no more items could change the verdict. */
export interface Tally {
  add(change: 'lost' | 'gained' | 'same'): void;
  /** The verdict that no more items can change. */
  settled(): Verdict | undefined;
  /** It may yet come out as refused. */
  mayBeRefused(): boolean;
  /** Undefined before the first item. */
  comparison(): Comparison | undefined;
}

export function createTally({ total, maxLoss }: { total: number; maxLoss: number }): Tally {
  const counts = { items: 0, lost: 0, gained: 0 };
  return {
    add(change) {
      counts.items += 1;
      if (change !== 'same') counts[change] += 1;
    },
    settled: () => settledVerdict(counts, { total, maxLoss }),
    mayBeRefused() {
      const lost = counts.lost + total - counts.items;
      return verdictOf(pairedLoss({ ...counts, items: total, lost }), maxLoss) === 'refused';
    },
    comparison: () => (counts.items > 0 ? compare({ ...counts }, maxLoss) : undefined),
  };
}
