import type { Comparing } from '../comparing/comparing.js';
import type { Corruption } from '../corrupting/corruptions.js';
import { namingItem } from '../item-error.js';
import type { EvaluationItem } from '../items/evaluation-item.js';

/** Asks a variant an item. */
export type Ask = (item: EvaluationItem) => Promise<unknown>;

export interface EvaluationProgress {
  readonly variant: string;
  /** Undefined for the items as they are. */
  readonly corruption: Corruption['name'] | undefined;
  /** Items that were asked, of at most so many. */
  readonly done: number;
  readonly total: number;
}

/** @returns what asks an open variant, and names the item in each error */
export function askingOf(
  variant: string,
  run: (input: unknown) => Promise<unknown>,
  { answerOf }: Comparing,
): Ask {
  return (item) =>
    namingItem(`${item.name}, variant '${variant}'`, async () =>
      answerOf(await run(await item.readInput())),
    );
}

/** @returns what is called after each item */
export function countingOf(
  onProgress: ((progress: EvaluationProgress) => void) | undefined,
  of: Omit<EvaluationProgress, 'done'>,
): () => void {
  let done = 0;
  return () => {
    done += 1;
    onProgress?.({ ...of, done });
  };
}
