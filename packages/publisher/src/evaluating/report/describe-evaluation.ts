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

/**
 * Sentences below the table: what the numbers are, what was refused for what, and what would decide.
 *
 * @param shown writes names of slices and items
 */
export function describeEvaluation(
  evaluation: Evaluation,
  shown: (name: string) => string = String,
): string[] {
  const { items, maxLoss, original, originalMeasures, notEvaluated } = evaluation;
  const whose = originalMeasures.items > 0 ? 'right answers' : `answers of \`${original}\``;
  return [
    `Over ${count(items)} items: the loss is the share of ${whose} that a variant has less, with the interval of 95 % ` +
      `(Tango, 1998). It passes where all of that is within ${limitOf(maxLoss)}, and is refused where all is above.`,
    ...Object.entries(evaluation.variants).flatMap(([name, variant]) =>
      describeVariant(name, variant, { ...evaluation, shown }),
    ),
    ...Object.entries(notEvaluated).map(([name, why]) => `\`${name}\` was not evaluated: ${why}`),
  ];
}

function describeVariant(
  name: string,
  variant: VariantEvaluation,
  { shown, ...of }: Evaluation & { readonly shown: (name: string) => string },
): string[] {
  const { verdict, items, itemsToDecide, refusedFor, lostItems, slices, labels, corruptions } =
    variant;
  const parts = [
    ...Object.entries(slices).map(([slice, own]) => [`slice '${shown(slice)}'`, own] as const),
    ...Object.entries(labels)
      .filter(([, own]) => own.verdict === 'refused')
      .map(([label, own]) => [`label '${shown(label)}'`, own] as const),
    ...Object.entries(corruptions),
  ];
  const silent = parts.filter(([, own]) => own.saysNothing).map(([part]) => part);
  const needed =
    itemsToDecide === undefined
      ? 'its loss is too near to the limit for any number of items to decide'
      : `some ${count(itemsToDecide)} items would decide, if others differ as often`;
  const lost = nameItems(lostItems.map(shown));
  return [
    ...(verdict === 'undecided' ? [`\`${name}\` is undecided: ${needed}.`] : []),
    ...(verdict === 'refused'
      ? [`\`${name}\` is refused for ${nameItems(refusedFor.map(shown))}.`]
      : []),
    ...(items < of.items
      ? [`${count(items)} of ${count(of.items)} items were enough to judge \`${name}\`.`]
      : []),
    ...(lost ? [`\`${name}\` alone got these wrong: ${lost}.`] : []),
    ...(parts.length > 0
      ? [`\`${name}\` lost: ${parts.map(([part, own]) => `${part} ${lossOf(own)}`).join('; ')}.`]
      : []),
    ...(silent.length > 0
      ? [
          `Of \`${name}\` this says nothing, because \`${of.original}\` itself gets fewer than half right: ${silent.join(', ')}.`,
        ]
      : []),
  ];
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

function rightOf({ right, items, meanAbsoluteErrors, characters, windows }: Measures): string {
  if (items === 0) return 'not known';
  if (meanAbsoluteErrors) return `mean error ${meanAbsoluteErrors.map(short).join(', ')}`;
  const more = characters ? ['characters', characters] : windows ? ['windows', windows] : undefined;
  const share = more ? `, ${more[0]} ${shareOf(more[1] as Share)}` : '';
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
