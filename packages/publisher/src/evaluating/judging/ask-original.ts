import type { Comparing, Measures, Share } from '../comparing/comparing.js';
import { itemInvalid } from '../item-error.js';
import type { EvaluationItem } from '../items/evaluation-item.js';
import type { Ask } from './ask-variant.js';
import { isEnoughRight } from './open-comparison.js';

/** The variant whose answers those of candidates are held against. */
export interface AskedOriginal {
  /** Asks it each item once, however many candidates there are. */
  readonly ask: Ask;
  /** Errors that differ by less than `maxLoss` of this are as good as each other. */
  readonly ignorance: number;
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
    const { expected = comparing.asExpected(answer) } = item;
    comparing.requireComparable?.(answer, expected, item.name);
    answered.push({ answer, expected, isGiven: item.expected !== undefined });
    onItem();
  }
  const ignorance = comparing.ignoranceOf(answered.map(({ expected }) => expected));
  const right = answered.filter(
    ({ answer, expected }) => comparing.errorOf(answer, expected) < ignorance,
  );
  requireProof(folder, { name, ignorance, right: right.length, of: items.length });
  return { ask, ignorance, measures: comparing.measure(answered.filter(({ isGiven }) => isGiven)) };
}

interface AnsweredItem {
  readonly answer: unknown;
  readonly expected: unknown;
  /** Otherwise the answer itself is expected of others. */
  readonly isGiven: boolean;
}

/**
 * A variant that always gives one answer must not pass, nor one that has little to lose, because what is expected is of
 * other items or of another model.
 */
function requireProof(
  folder: string,
  { name, ignorance, right, of }: Share & { readonly name: string; readonly ignorance: number },
): void {
  if (ignorance === 0) {
    throw itemInvalid(folder, 'items whose right answers differ', 'one for all');
  }
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
