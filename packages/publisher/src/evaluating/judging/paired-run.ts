import type { Answered, Comparing } from '../comparing/comparing.js';
import type { EvaluationItem } from '../items/evaluation-item.js';
import type { AskedOriginal } from './ask-original.js';
import type { Ask } from './ask-variant.js';
import { type Chances, type Comparison, OpenComparison } from './open-comparison.js';

/** A candidate's answers beside its original's, of the items that were asked until nothing could change the verdict. */
export interface PairedRun extends Comparison {
  /** Answers that are not the original's, whichever is right. */
  readonly differing: number;
  /** Names of the items that the original alone answered right. */
  readonly lostItems: readonly string[];
  readonly slices: Readonly<Record<string, Comparison>>;
  readonly answered: readonly Answered<unknown, unknown>[];
}

export interface PairedOptions {
  readonly ask: Ask;
  readonly original: Pick<AskedOriginal, 'ask' | 'ignorance'>;
  readonly comparing: Comparing;
  readonly maxLoss: number;
  readonly onItem: () => void;
}

/** Asks a candidate item by item, and stops when no more items could change its verdict. */
export async function runPaired(
  items: readonly EvaluationItem[],
  options: PairedOptions,
): Promise<PairedRun> {
  const { ask, original, comparing, maxLoss, onItem } = options;
  const margin = maxLoss * original.ignorance;
  const judged: JudgedItem[] = [];
  for (const item of items) {
    const answer = await original.ask(item);
    judged.push(judgeOriginal(item, answer, { ...options, margin }));
  }
  const whole = new OpenComparison(judged, maxLoss);
  const slices = new Map(
    [...new Set(items.flatMap(({ slice }) => slice ?? []))].sort().map((slice) => {
      return [
        slice,
        new OpenComparison(
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
    const grown = comparing.errorOf(answer, expected) - error;
    const change = grown < -margin ? 'gained' : grown <= margin ? 'same' : 'lost';
    if (change === 'lost') lostItems.push(item.name);
    if (!(comparing.errorOf(answer, own) <= margin)) differing += 1;
    if (item.expected !== undefined) answered.push({ answer, expected });
    whole.add(change, one);
    if (item.slice !== undefined) slices.get(item.slice)?.add(change, one);
    onItem();
    if (isSettled(whole, [...slices.values()])) break;
  }
  const compared = [...slices].flatMap(([name, slice]) => {
    const comparison = slice.comparison();
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

/** An item with its original's answer, as others are compared with it. */
interface JudgedItem extends Chances {
  readonly item: EvaluationItem;
  /** The answer of the original. */
  readonly own: unknown;
  /** The right one; where that is not known, the original's own. */
  readonly expected: unknown;
  /** The error of the original. */
  readonly error: number;
}

function judgeOriginal(
  item: EvaluationItem,
  answer: unknown,
  { comparing, original, margin }: PairedOptions & { readonly margin: number },
): JudgedItem {
  const own = comparing.asExpected(answer);
  const expected = item.expected ?? own;
  const error = comparing.errorOf(answer, expected);
  const chances = {
    isRight: error < original.ignorance,
    mayLose: comparing.largestError - error > margin,
    mayGain: error > margin,
  };
  return { item, own, expected, error, ...chances };
}

/**
 * One refusal is enough. To have passed, the whole and every slice have to be certain. What stays undecided is asked to
 * the end, because the more is known, the better is told how many items would decide.
 */
function isSettled(whole: OpenComparison, slices: readonly OpenComparison[]): boolean {
  const ofSlices = slices.map((slice) => slice.verdicts());
  const { best, worst } = whole.verdicts();
  if (best === 'refused' || ofSlices.some((slice) => slice.best === 'refused')) return true;
  return worst === 'passed' && ofSlices.every((slice) => slice.worst !== 'refused');
}
