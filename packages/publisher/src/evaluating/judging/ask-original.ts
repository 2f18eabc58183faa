import type { Comparing, Measures, Share } from '../comparing/comparing.js';
import { itemInvalid } from '../item-error.js';
import type { EvaluationItem } from '../items/evaluation-item.js';
import type { Ask } from './ask-variant.js';
import { isEnoughRight } from './open-comparison.js';

/** The variant whose answers those of candidates are held against. */
export interface AskedOriginal {
  /** Asks it each item once, however many candidates there are. */
  readonly ask: Ask;
  /** Errors that differ by less than `maxLoss` of these are as good as each other. */
  readonly scales: readonly number[];
  readonly measures: Measures;
}

/**
 * Asks the original all items.
 *
 * @throws NearsideError `input-invalid`, naming the item, for an answer of another size; naming the folder, where its items
 *   prove nothing of a candidate
 */
export async function askOriginal(
  items: readonly EvaluationItem[],
  of: {
    readonly name: string;
    readonly folder: string;
    readonly ask: Ask;
    readonly comparing: Comparing;
    readonly onItem: () => void;
  },
): Promise<AskedOriginal> {
  const { name, folder, comparing, onItem } = of;
  const ask = remembering(of.ask);
  const answered: AnsweredItem[] = [];
  for (const item of items) {
    const answer = await ask(item);
    const expected = comparing.asExpected(answer, item.expected);
    comparing.requireComparable?.(answer, expected, item.name);
    answered.push({ answer, expected, isGiven: item.expected !== undefined });
    onItem();
  }
  const allExpected = answered.map(({ expected }) => expected);
  if (!comparing.areDifferent(allExpected)) {
    throw itemInvalid(folder, 'items whose right answers differ', 'one for all');
  }
  const scales = comparing.scalesOf(allExpected);
  const labelled = answered.filter(({ isGiven }) => isGiven);
  const isRight = ({ answer, expected }: AnsweredItem) =>
    comparing.isRight(answer, expected, scales);
  requireMostlyRight(folder, {
    name,
    right: labelled.filter(isRight).length,
    of: labelled.length,
  });
  return { ask, scales, measures: comparing.measure(labelled) };
}

interface AnsweredItem {
  readonly answer: unknown;
  readonly expected: unknown;
  /** Otherwise the answer itself is expected of others. */
  readonly isGiven: boolean;
}

/**
 * A variant must not pass because it has little to lose, as what is expected is of other items or of another model. Items
 * without labels tell nothing of that.
 */
function requireMostlyRight(
  folder: string,
  { name, right, of }: Share & { readonly name: string },
): void {
  if (isEnoughRight({ right, of })) return;
  const advice =
    'Are these its items and labels, and are they prepared as in training: with the steps of model.json, or ' +
    `\`--range\`? Without labels, the answers of '${name}' are what is expected`;
  throw itemInvalid(
    folder,
    `items of which '${name}' gets at least half right`,
    `${right} of ${of}. ${advice}`,
  );
}

/** However many candidates there are, it is asked once. */
function remembering(ask: Ask): Ask {
  const answers = new Map<EvaluationItem, unknown>();
  return async (item) => {
    if (!answers.has(item)) answers.set(item, await ask(item));
    return answers.get(item);
  };
}
