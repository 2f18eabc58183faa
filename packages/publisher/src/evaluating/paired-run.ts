import type { Reference } from './ask-reference.js';
import type { Ask } from './ask-variant.js';
import { type Chances, type Comparison, Tally } from './compare.js';
import type { EvaluationItem } from './read-items.js';
import type { Answered, TaskAnswers } from './task-answers.js';

/** A candidate's answers beside its reference's, of the items that were asked until nothing could change the verdict. */
export interface PairedRun extends Comparison {
  /** Answers that are not the reference's, whichever is right. */
  readonly differing: number;
  /** Names of the items that the reference alone answered right. */
  readonly lostItems: readonly string[];
  readonly slices: Readonly<Record<string, Comparison>>;
  readonly answered: readonly Answered<unknown, unknown>[];
}

export interface PairedOptions {
  readonly ask: Ask;
  readonly reference: Pick<Reference, 'ask' | 'ignorance'>;
  readonly answers: TaskAnswers;
  readonly maxLoss: number;
  readonly onItem: () => void;
}

/** Asks a candidate item by item, and stops when no more items could change its verdict. */
export async function runPaired(
  items: readonly EvaluationItem[],
  options: PairedOptions,
): Promise<PairedRun> {
  const { ask, reference, answers, maxLoss, onItem } = options;
  const margin = maxLoss * reference.ignorance;
  const judged: JudgedItem[] = [];
  for (const item of items) judged.push(judgeReference(item, await reference.ask(item), options));
  const whole = new Tally(judged, maxLoss);
  const slices = new Map(
    [...new Set(items.flatMap(({ slice }) => slice ?? []))].sort().map((slice) => {
      return [
        slice,
        new Tally(
          judged.filter(({ item }) => item.slice === slice),
          maxLoss,
        ),
      ];
    }),
  );
  const answered: Answered<unknown, unknown>[] = [];
  const lostItems: string[] = [];
  let differing = 0;
  for (const one of judged) {
    const { item, own, expected, error } = one;
    const answer = await ask(item);
    const grown = answers.errorOf(answer, expected) - error;
    const change = grown < -margin ? 'gained' : grown <= margin ? 'same' : 'lost';
    if (change === 'lost') lostItems.push(item.name);
    if (!(answers.errorOf(answer, own) <= margin)) differing += 1;
    if (item.expected !== undefined) answered.push({ answer, expected });
    whole.add(change, one);
    if (item.slice !== undefined) slices.get(item.slice)?.add(change, one);
    onItem();
    if (isSettled(whole, [...slices.values()])) break;
  }
  const compared = [...slices].flatMap(([name, tally]) => {
    const comparison = tally.comparison();
    return comparison ? [[name, comparison] as const] : [];
  });
  return {
    ...(whole.comparison() as Comparison),
    differing,
    lostItems: lostItems.sort(),
    slices: Object.fromEntries(compared),
    answered,
  };
}

/** An item with its reference's answer, as others are compared with it. */
interface JudgedItem extends Chances {
  readonly item: EvaluationItem;
  /** The answer of the reference. */
  readonly own: unknown;
  /** The right one; where that is not known, the reference's own. */
  readonly expected: unknown;
  /** The error of the reference. */
  readonly error: number;
}

function judgeReference(
  item: EvaluationItem,
  answer: unknown,
  { answers, reference, maxLoss }: PairedOptions,
): JudgedItem {
  const margin = maxLoss * reference.ignorance;
  const own = answers.asExpected(answer);
  const expected = item.expected ?? own;
  const error = answers.errorOf(answer, expected);
  const chances = {
    isRight: error < reference.ignorance,
    mayLose: answers.largestError - error > margin,
    mayGain: error > margin,
  };
  return { item, own, expected, error, ...chances };
}

/**
 * One refusal is enough. To have passed, the whole and every slice have to be certain. What stays undecided is asked to
 * the end, because the more is known, the better is told how many items would decide.
 */
function isSettled(whole: Tally, slices: readonly Tally[]): boolean {
  const ofSlices = slices.map((slice) => slice.open());
  const { best, worst } = whole.open();
  if (best === 'refused' || ofSlices.some((slice) => slice.best === 'refused')) return true;
  return worst === 'passed' && ofSlices.every((slice) => slice.worst !== 'refused');
}
