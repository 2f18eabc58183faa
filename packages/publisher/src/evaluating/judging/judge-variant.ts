import type { Comparing } from '../comparing/comparing.js';
import type { Corruption } from '../corrupting/corruptions.js';
import type { EvaluationItem } from '../items/evaluation-item.js';
import type { AskedOriginal } from './ask-original.js';
import { type Ask, countingOf, type EvaluationProgress } from './ask-variant.js';
import type { VariantEvaluation } from './evaluation.js';
import type { Comparison } from './open-comparison.js';
import { type PairedRun, runPaired } from './paired-run.js';
import type { VariantFiles } from './variant-files.js';

/** Lost items that `evaluation.json` lists. */
const MOST_LOST = 100;

/** All candidates are held against this. */
export interface Judging {
  readonly items: readonly EvaluationItem[];
  readonly corrupted: ReadonlyMap<Corruption['name'], readonly EvaluationItem[]>;
  readonly original: AskedOriginal;
  readonly comparing: Comparing;
  readonly maxLoss: number;
  readonly onProgress: ((progress: EvaluationProgress) => void) | undefined;
}

/**
 * Asks a candidate the items, and those that are corrupted unless it is refused before. A trial is asked those only if it
 * has passed.
 */
export async function judgeVariant(
  variant: string,
  { ask, isTrial, ...judging }: Judging & { readonly ask: Ask; readonly isTrial: boolean },
): Promise<Omit<VariantEvaluation, keyof VariantFiles>> {
  const { comparing, corrupted, original, maxLoss, onProgress } = judging;
  const { labelOf: _, ...comparingCorrupted } = comparing;
  const runOver = (items: readonly EvaluationItem[], corruption?: Corruption['name']) => {
    const onItem = countingOf(onProgress, { variant, corruption, total: items.length });
    const how = corruption === undefined ? comparing : comparingCorrupted;
    return runPaired(items, { ask, original, comparing: how, maxLoss, onItem });
  };
  const { differing, lostItems, answered, slices, labels, ...whole } = await runOver(judging.items);
  const refusedFor = [
    ...(whole.verdict === 'refused' ? ['all items'] : []),
    ...refusedOf(slices).map((name) => `slice '${name}'`),
    ...refusedOf(labels).map((name) => `label '${name}'`),
  ];
  const corruptions: Record<string, Comparison> = {};
  const isOver = refusedFor.length > 0 || (isTrial && whole.verdict !== 'passed');
  for (const [corruption, items] of isOver ? [] : corrupted) {
    const comparison = comparisonOf(await runOver(items, corruption));
    corruptions[corruption] = comparison;
    if (comparison.verdict === 'refused') refusedFor.push(corruption);
  }
  return {
    ...whole,
    verdict: refusedFor.length > 0 ? 'refused' : whole.verdict,
    refusedFor,
    differing,
    lostItems: lostItems.slice(0, MOST_LOST),
    measures: comparing.measure(answered),
    slices,
    labels,
    corruptions,
  };
}

function comparisonOf(run: PairedRun): Comparison {
  const { differing: _, lostItems: _i, answered: _a, slices: _s, labels: _l, ...own } = run;
  return own;
}

function refusedOf(parts: Readonly<Record<string, Comparison>>): string[] {
  return Object.entries(parts).flatMap(([name, { verdict }]) =>
    verdict === 'refused' ? [name] : [],
  );
}
