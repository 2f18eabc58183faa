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
  /** Comparisons of the items that one label is right for, if the task has labels. */
  readonly labels: Readonly<Record<string, Comparison>>;
  readonly answered: readonly Answered<unknown, unknown>[];
}

export interface PairedOptions {
  readonly ask: Ask;
  readonly original: Pick<AskedOriginal, 'ask' | 'scales'>;
  readonly comparing: Comparing;
  readonly maxLoss: number;
  readonly onItem: () => void;
}

/** Asks a candidate item by item, and stops when no more items could change its verdict. */
export async function runPaired(
  items: readonly EvaluationItem[],
  options: PairedOptions,
): Promise<PairedRun> {
  const { ask, original, maxLoss, onItem } = options;
  const judged: JudgedItem[] = [];
  for (const item of items) {
    const answer = await original.ask(item);
    judged.push(judgeOriginal(item, answer, options));
  }
  const whole = new OpenComparison(judged, maxLoss);
  const { slices, labels, all } = openGroups(judged, options);
  const comparisons = all.map(({ comparison }) => comparison);
  const answered: Answered<unknown, unknown>[] = [];
  const lostItems: string[] = [];
  let differing = 0;
  for (const one of judged) {
    const { item, own, expected, errors } = one;
    const answer = await ask(item);
    const change = changeOf(measure(answer, expected, options), errors, maxLoss);
    if (change === 'lost') lostItems.push(item.name);
    if (!measure(answer, own, options).every((error) => error <= maxLoss)) differing += 1;
    if (item.expected !== undefined) answered.push({ answer, expected });
    whole.add(change, one);
    for (const group of all) if (group.items.has(one)) group.comparison.add(change, one);
    onItem();
    if (isSettled(whole, comparisons)) break;
  }
  return {
    ...(whole.comparison() as Comparison),
    differing,
    lostItems: lostItems.sort(),
    slices: comparisonsOf(slices),
    labels: comparisonsOf(labels),
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
  /** The errors of the original's answer. */
  readonly errors: readonly number[];
}

function judgeOriginal(item: EvaluationItem, answer: unknown, options: PairedOptions): JudgedItem {
  const { comparing, original, maxLoss } = options;
  const own = comparing.asExpected(answer);
  const expected = comparing.asExpected(answer, item.expected);
  const errors = measure(answer, expected, options);
  const isGiven = item.expected !== undefined;
  const chances = {
    isRight: isGiven ? comparing.isRight(answer, expected, original.scales) : undefined,
    mayLose: errors.some((error) => comparing.largestError - error > maxLoss),
    mayGain: errors.some((error) => error > maxLoss),
  };
  return { item, own, expected, errors, ...chances };
}

/** Errors of each part of an answer, as shares of what one has that knows nothing of its input. */
function measure(
  answer: unknown,
  expected: unknown,
  { comparing, original: { scales } }: PairedOptions,
): number[] {
  return comparing.errorsOf(answer, expected).map((error, part) => error / (scales[part] ?? 1));
}

/** The part that changed most decides, because a good one must not hide another that is lost. */
function changeOf(
  errors: readonly number[],
  original: readonly number[],
  maxLoss: number,
): 'lost' | 'gained' | 'same' {
  const grown = errors.map((error, part) => error - (original[part] ?? 0));
  const [least, most] = [Math.min(...grown), Math.max(...grown)];
  if (Number.isNaN(most) || (most > maxLoss && most >= -least)) return 'lost';
  return least < -maxLoss ? 'gained' : 'same';
}

/** Items that are judged by themselves too. */
interface Group {
  readonly name: string;
  readonly items: ReadonlySet<JudgedItem>;
  readonly comparison: OpenComparison;
}

/** Slices, labels, and all labels but the commonest together: of each of those there may be too few to tell. */
function openGroups(judged: readonly JudgedItem[], { comparing, maxLoss }: PairedOptions) {
  const bySlice = groupBy(judged, ({ item }) => item.slice);
  const byLabel = groupBy(judged, ({ expected }) => comparing.labelOf?.(expected));
  const [[commonest, most] = ['', []]] = [...byLabel].sort((a, b) => b[1].length - a[1].length);
  if (byLabel.size > 2) {
    const others = [...byLabel.values()].flatMap((items) => (items === most ? [] : items));
    byLabel.set(`all but ${commonest}`, others);
  }
  const count = bySlice.size + byLabel.size;
  const open = (groups: ReadonlyMap<string, JudgedItem[]>): Group[] =>
    [...groups].map(([name, items]) => {
      return { name, items: new Set(items), comparison: new OpenComparison(items, maxLoss, count) };
    });
  const [slices, labels] = [open(bySlice), open(byLabel)];
  return { slices, labels, all: [...slices, ...labels] };
}

/** Items without a name are in no group. */
function groupBy(
  judged: readonly JudgedItem[],
  nameOf: (one: JudgedItem) => string | undefined,
): Map<string, JudgedItem[]> {
  const names = [...new Set(judged.flatMap((one) => nameOf(one) ?? []))].sort();
  const groups = new Map<string, JudgedItem[]>(names.map((name) => [name, []]));
  for (const one of judged) groups.get(nameOf(one) as string)?.push(one);
  return groups;
}

/** Those of which an item was asked. */
function comparisonsOf(groups: readonly Group[]): Record<string, Comparison> {
  return Object.fromEntries(
    groups.flatMap(({ name, comparison: open }) => {
      const comparison = open.comparison();
      return comparison ? [[name, comparison]] : [];
    }),
  );
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
