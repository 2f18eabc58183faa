import {
  itemsToDecide,
  openVerdicts,
  type PairedCounts,
  type PairedLoss,
  pairedLoss,
  type Verdict,
  verdictOf,
} from './paired-loss.js';

/** A candidate beside its reference, over the items that were asked. */
export interface Comparison extends PairedCounts, PairedLoss {
  readonly verdict: Verdict;
  /** So many items would decide, if others differ as often; undefined where no number would, or it is decided. */
  readonly itemsToDecide?: number;
}

/** What may come of an item, as far as the reference's answer tells. */
export interface Chances {
  readonly mayLose: boolean;
  readonly mayGain: boolean;
}

/** Counts what a candidate lost and gained of some items, and knows which verdicts the rest of them leave open. */
export class Tally {
  readonly #counts = { items: 0, lost: 0, gained: 0 };
  readonly #rest = { items: 0, mayLose: 0, mayGain: 0 };
  readonly #maxLoss: number;

  constructor(items: readonly Chances[], maxLoss: number) {
    for (const chances of items) this.#expect(chances, 1);
    this.#maxLoss = maxLoss;
  }

  #expect({ mayLose, mayGain }: Chances, count: 1 | -1): void {
    this.#rest.items += count;
    if (mayLose) this.#rest.mayLose += count;
    if (mayGain) this.#rest.mayGain += count;
  }

  add(change: 'lost' | 'gained' | 'same', chances: Chances): void {
    this.#expect(chances, -1);
    this.#counts.items += 1;
    if (change !== 'same') this.#counts[change] += 1;
  }

  open(): { readonly best: Verdict; readonly worst: Verdict } {
    return openVerdicts(this.#counts, this.#rest, this.#maxLoss);
  }

  /** Undefined before the first item. */
  comparison(): Comparison | undefined {
    const counts = { ...this.#counts };
    if (counts.items === 0) return undefined;
    const loss = pairedLoss(counts);
    const { best, worst } = this.open();
    const verdict = best === worst ? best : verdictOf(loss, this.#maxLoss);
    const needed = verdict === 'undecided' ? itemsToDecide(counts, this.#maxLoss) : undefined;
    return { ...counts, ...loss, verdict, ...(needed !== undefined && { itemsToDecide: needed }) };
  }
}
