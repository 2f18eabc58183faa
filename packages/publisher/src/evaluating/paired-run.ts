import type { Answered, TaskAnswers } from './answers.js';
import { type Comparison, createTally, type Tally } from './compare.js';
import type { EvaluationItem } from './read-items.js';

/** Asks a variant an item. */
export type Ask = (item: EvaluationItem) => Promise<unknown>;

/** A candidate's answers beside its reference's, of the items that were asked until nothing could change the verdict. */
export interface PairedRun extends Comparison {
  /** Answers that are not the reference's, whichever is right. */
  readonly differing: number;
  /** Names of the items that the reference alone answered right. */
  readonly lostItems: readonly string[];
  readonly slices: Readonly<Record<string, Comparison>>;
  readonly answered: readonly Answered<unknown, unknown>[];
}

/** Asks a candidate item by item, and stops when no more items could change its verdict. */
export async function runPaired(
  items: readonly EvaluationItem[],
  options: {
    readonly ask: Ask;
    readonly askReference: Ask;
    readonly answers: TaskAnswers;
    readonly margin: number;
    readonly maxLoss: number;
    readonly onItem: () => void;
  },
): Promise<PairedRun> {
  const { ask, askReference, answers, margin, maxLoss, onItem } = options;
  const whole = createTally({ total: items.length, maxLoss });
  const slices = sliceTallies(items, maxLoss);
  const answered: Answered<unknown, unknown>[] = [];
  const lostItems: string[] = [];
  let differing = 0;
  for (const item of items) {
    const [answer, reference] = [await ask(item), await askReference(item)];
    const own = answers.asExpected(reference);
    const expected = item.expected ?? own;
    const grown = answers.errorOf(answer, expected) - answers.errorOf(reference, expected);
    const change = grown < -margin ? 'gained' : grown <= margin ? 'same' : 'lost';
    if (change === 'lost') lostItems.push(item.name);
    if (!(answers.errorOf(answer, own) <= margin)) differing += 1;
    if (item.expected !== undefined) answered.push({ answer, expected });
    const tallies = [whole, ...(item.slice === undefined ? [] : [slices.get(item.slice)])];
    for (const tally of tallies) tally?.add(change);
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

function sliceTallies(items: readonly EvaluationItem[], maxLoss: number): Map<string, Tally> {
  const names = [...new Set(items.flatMap(({ slice }) => slice ?? []))].sort();
  return new Map(
    names.map((name) => {
      const total = items.filter(({ slice }) => slice === name).length;
      return [name, createTally({ total, maxLoss })];
    }),
  );
}

/** One refusal is enough; anything else needs all items and every slice to be certain. */
function isSettled(whole: Tally, slices: readonly Tally[]): boolean {
  if ([whole, ...slices].some((tally) => tally.settled() === 'refused')) return true;
  return whole.settled() !== undefined && !slices.some((slice) => slice.mayBeRefused());
}
