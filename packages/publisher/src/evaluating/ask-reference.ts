import type { Ask } from './ask-variant.js';
import { isEnoughRight } from './compare.js';
import { itemInvalid } from './item-error.js';
import type { EvaluationItem } from './read-items.js';
import type { Measures, TaskAnswers } from './task-answers.js';

/** The answers that candidates are held against. */
export interface Reference {
  /** Asks it each item once, however many candidates there are. */
  readonly ask: Ask;
  /** Errors that differ by less than `maxLoss` of this are as good as each other. */
  readonly ignorance: number;
  readonly measures: Measures;
}

/**
 * Asks a reference all items.
 *
 * @throws NearsideError `input-invalid`, naming the folder, where it gets fewer than half of them right: then what is
 *   expected is of other items or another model, and a candidate has little to lose. So where one number is expected of
 *   all items; and, naming the item, for an answer of another size
 */
export async function askReference(
  items: readonly EvaluationItem[],
  of: {
    readonly name: string;
    readonly folder: string;
    readonly ask: Ask;
    readonly answers: TaskAnswers;
    readonly onItem: () => void;
  },
): Promise<Reference> {
  const { name, folder, answers, onItem } = of;
  const ask = remembering(of.ask);
  const answered: { answer: unknown; expected: unknown; isGiven: boolean }[] = [];
  for (const item of items) {
    const answer = await ask(item);
    const { expected = answers.asExpected(answer) } = item;
    answers.requireComparable?.(answer, expected, item.name);
    answered.push({ answer, expected, isGiven: item.expected !== undefined });
    onItem();
  }
  const ignorance = answers.ignoranceOf(answered.map(({ expected }) => expected));
  if (ignorance === 0) {
    throw itemInvalid(folder, 'items of which different numbers are expected', 'one of all');
  }
  const rightOnes = answered.filter(
    ({ answer, expected }) => answers.errorOf(answer, expected) < ignorance,
  );
  const share = { right: rightOnes.length, of: items.length };
  if (!isEnoughRight(share)) {
    const advice = `Are these its items and labels? Without labels, the answers of '${name}' are what is expected`;
    const got = `${share.right} of ${share.of}. ${advice}`;
    throw itemInvalid(folder, `items of which '${name}' gets at least half right`, got);
  }
  return { ask, ignorance, measures: answers.measure(answered.filter(({ isGiven }) => isGiven)) };
}

function remembering(ask: Ask): Ask {
  const answers = new Map<EvaluationItem, unknown>();
  return async (item) => {
    if (!answers.has(item)) answers.set(item, await ask(item));
    return answers.get(item);
  };
}
