import type { Share } from '../comparing/comparing.js';
import {
  itemsToDecide,
  openVerdicts,
  type PairedCounts,
  type PairedLoss,
  pairedLoss,
  type Verdict,
} from './paired-loss.js';

/** A candidate beside its original, over the items that were asked. */
export interface Comparison extends PairedCounts, PairedLoss {
  readonly verdict: Verdict;
  /** The original is right too seldom to be lost against: an answer that is wrong anyhow proves nothing. */
  readonly saysNothing?: true;
  /** So many items would decide, if others differ as often; undefined where no number would, or it is decided. */
  readonly itemsToDecide?: number;
}

/** The changes that an item may still bring, as far as the original's answer tells. */
export interface Chances {
  /** The original's answer is right; undefined where no right one is known. */
  readonly isRight: boolean | undefined;
  readonly mayLose: boolean;
  readonly mayGain: boolean;
}

/** Less than half is what a folder with labels of something else gets, and few losses are seen in it. */
export function isEnoughRight({ right, of }: Share): boolean {
  return right * 2 >= of;
}

/** A comparison while items are asked: counts what a candidate lost and gained, and knows which verdicts the rest leaves open. */
export class OpenComparison {
  readonly #counts = { items: 0, lost: 0, gained: 0 };
  readonly #rest = { items: 0, mayLose: 0, mayGain: 0 };
  readonly #maxLoss: number;
  readonly #comparisons: number;
  readonly #canPass: boolean;
  #verdicts: { readonly best: Verdict; readonly worst: Verdict } | undefined;

  /** @param comparisons that are judged together with this one, and this one */
  constructor(items: readonly Chances[], maxLoss: number, comparisons = 1) {
    for (const chances of items) this.#expect(chances, 1);
    this.#maxLoss = maxLoss;
    this.#comparisons = comparisons;
    const known = items.flatMap(({ isRight }) => isRight ?? []);
    this.#canPass = isEnoughRight({ right: known.filter(Boolean).length, of: known.length });
  }

  #expect({ mayLose, mayGain }: Chances, count: 1 | -1): void {
    this.#rest.items += count;
    if (mayLose) this.#rest.mayLose += count;
    if (mayGain) this.#rest.mayGain += count;
  }

  add(change: 'lost' | 'gained' | 'same', chances: Chances): void {
    this.#expect(chances, -1);
    this.#verdicts = undefined;
    this.#counts.items += 1;
    if (change !== 'same') this.#counts[change] += 1;
  }

  verdicts(): { readonly best: Verdict; readonly worst: Verdict } {
    if (this.#verdicts) return this.#verdicts;
    const open = openVerdicts(this.#counts, this.#rest, this.#maxLoss, this.#comparisons);
    const proven = (verdict: Verdict) =>
      verdict === 'passed' && !this.#canPass ? 'undecided' : verdict;
    this.#verdicts = { best: proven(open.best), worst: proven(open.worst) };
    return this.#verdicts;
  }

  /** Undefined before the first item. */
  comparison(): Comparison | undefined {
    const counts = { ...this.#counts };
    if (counts.items === 0) return undefined;
    const loss = pairedLoss(counts, this.#comparisons);
    const { best, worst } = this.verdicts();
    const verdict = best === worst ? best : 'undecided';
    const compared = { ...counts, ...loss, verdict };
    if (verdict !== 'undecided' || this.#rest.items > 0) return compared;
    if (!this.#canPass) return { ...compared, saysNothing: true };
    const needed = itemsToDecide(counts, this.#maxLoss, this.#comparisons);
    return needed === undefined ? compared : { ...compared, itemsToDecide: needed };
  }
}
