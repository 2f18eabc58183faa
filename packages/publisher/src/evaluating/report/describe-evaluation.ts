import type { Measures, Share } from '../comparing/comparing.js';
import type { Evaluation, VariantEvaluation } from '../judging/evaluation.js';
import type { Comparison } from '../judging/open-comparison.js';

/** A row for each variant, the first one of titles. */
export function tableOf(evaluation: Evaluation): string[][] {
  const { original, originalBytes, originalMeasures, variants, notEvaluated } = evaluation;
  return [
    ['variant', 'bytes', 'right answers', 'loss', 'changed answers', 'verdict'],
    [original, count(originalBytes), rightOf(originalMeasures), '', '', 'compared with'],
    ...Object.entries(variants).map(([name, variant]) => [
      name,
      count(variant.sizeBytes),
      rightOf(variant.measures),
      lossOf(variant),
      `${count(variant.differing)} of ${count(variant.items)}`,
      variant.verdict,
    ]),
    ...Object.keys(notEvaluated).map((name) => [name, '', '', '', '', 'not evaluated']),
  ];
}

/** A row for each slice and corruption of each variant, the first one of titles; nothing where there are none. */
export function partsTableOf({ variants }: Evaluation, shown: Shown = String): string[][] {
  const rows = Object.entries(variants).flatMap(([name, variant]) =>
    partsOf(variant, shown).map(([part, own]) => {
      return [name, part, count(own.items), lossOf(own), own.saysNothing ? '' : own.verdict];
    }),
  );
  return rows.length > 0 ? [['variant', 'inputs', 'items', 'loss', 'verdict'], ...rows] : [];
}

/** Lists the comparisons beside that of all items; of labels, which may be many, those alone that refuse the variant. */
function partsOf({ slices, labels, corruptions }: VariantEvaluation, shown: Shown) {
  const refused = Object.entries(labels).filter(([, own]) => own.verdict === 'refused');
  return [
    ...Object.entries(slices).map(([slice, own]) => [`slice '${shown(slice)}'`, own] as const),
    ...refused.map(([label, own]) => [`label '${shown(label)}'`, own] as const),
    ...Object.entries(corruptions),
  ];
}

/** Writes names of slices, items and tensors. */
type Shown = (name: string) => string;

export interface DescribeOptions {
  readonly shown?: Shown;
  /** False where an error names what a refused variant lost. */
  readonly namesLost?: boolean;
}

/** Sentences below the tables: what the numbers are, what was refused for what, and what would decide. */
export function describeEvaluation(
  evaluation: Evaluation,
  { shown = String, namesLost = true }: DescribeOptions = {},
): string[] {
  const { items, maxLoss, original, originalMeasures, variants, notEvaluated } = evaluation;
  const limit = limitOf(maxLoss);
  const hasParts = partsTableOf(evaluation).length > 0;
  const loss =
    originalMeasures.items > 0
      ? `the share of right answers that a variant has less than \`${original}\`; below 0 it has more`
      : `the share of answers that are not those of \`${original}\`, because no right ones are given`;
  return [
    `${count(items)} items. Loss is ${loss}. In brackets is its interval of 95 % (Tango, 1998): a variant has passed where ` +
      `all of that is within ${limit}, is refused where all is above, and is undecided otherwise.`,
    ...(hasParts
      ? [
          'A slice, label or corruption refuses a variant that surely lost more in it; undecided, it refuses none.',
        ]
      : []),
    ...Object.entries(variants).flatMap(([name, variant]) =>
      describeVariant(name, variant, { ...evaluation, shown, namesLost }),
    ),
    ...Object.entries(notEvaluated).map(([name, why]) => `\`${name}\` was not evaluated: ${why}`),
  ];
}

function describeVariant(
  name: string,
  variant: VariantEvaluation,
  { shown, namesLost, ...of }: Evaluation & Required<DescribeOptions>,
): string[] {
  const { verdict, items, itemsToDecide, refusedFor, lostItems, halfFloats } = variant;
  const needed =
    itemsToDecide === undefined
      ? 'its loss is too near to the limit for any number of items to decide'
      : `some ${count(itemsToDecide)} items would decide, if others differ as often`;
  const isTold = verdict === 'refused' && !namesLost;
  const lost = isTold ? '' : nameItems(lostItems.map(shown));
  const silent = partsOf(variant, shown)
    .filter(([, own]) => own.saysNothing)
    .map(([part]) => part);
  return [
    ...(halfFloats
      ? [
          `In \`${name}\` these tensors are half floats, because it did not pass without: ${nameItems(halfFloats.map(shown))}.`,
        ]
      : []),
    ...(verdict === 'undecided' ? [`\`${name}\` is undecided: ${needed}.`] : []),
    ...(verdict === 'refused'
      ? [`\`${name}\` is refused for ${nameItems(refusedFor.map(shown))}.`]
      : []),
    ...(items < of.items ? [describeFewer(name, variant, of)] : []),
    ...(lost ? [`\`${name}\` alone got these wrong: ${lost}.`] : []),
    ...(silent.length > 0
      ? [
          `Of \`${name}\` this says nothing, because \`${of.original}\` itself gets fewer than half right: ${silent.join(', ')}.`,
        ]
      : []),
  ];
}

/** Where not all items were asked, the original's share is of others than the variant's. */
function describeFewer(
  name: string,
  { items, lost, gained, measures }: VariantEvaluation,
  of: Evaluation,
): string {
  const enough = `${count(items)} of ${count(of.items)} items were enough to judge \`${name}\``;
  if (measures.right === undefined || measures.items < items) return `${enough}.`;
  const right = measures.right + lost - gained;
  return `${enough}: of these \`${of.original}\` gets ${percent(right / items)} right.`;
}

/** Items that a sentence names. */
const MOST_NAMED = 10;

export function nameItems(names: readonly string[]): string {
  const more = names.length > MOST_NAMED ? ', …' : '';
  return `${names.slice(0, MOST_NAMED).join(', ')}${more}`;
}

/** A share that somebody gave, as a percentage: `0.25 %`. */
export function limitOf(maxLoss: number): string {
  return `${Number((maxLoss * 100).toPrecision(6))} %`;
}

/** `1.2 % (0.3 to 3.1)` */
export function lossOf({ loss, low, high }: Pick<Comparison, 'loss' | 'low' | 'high'>): string {
  return `${percent(loss)} (${digits(low * 100)} to ${digits(high * 100)})`;
}

function rightOf({ right, items, meanAbsoluteErrors, ...measures }: Measures): string {
  if (items === 0) return 'not given';
  if (meanAbsoluteErrors) return `mean error ${meanAbsoluteErrors.map(short).join(', ')}`;
  const more = (['characters', 'windows', 'objects'] as const).find((name) => measures[name]);
  const share = more ? `, ${more} ${shareOf(measures[more] as Share)}` : '';
  return `${percent((right ?? 0) / items)} of ${count(items)}${share}`;
}

function shareOf({ right, of }: Share): string {
  return of === 0 ? 'none' : percent(right / of);
}

function percent(share: number): string {
  return `${digits(share * 100)} %`;
}

function digits(value: number): string {
  return (Math.abs(value) < 0.05 ? 0 : value).toFixed(1);
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}

/** `38,411` */
export function count(value: number): string {
  return value.toLocaleString('en');
}
