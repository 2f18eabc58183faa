import { join } from 'node:path';
import { type ModelSpec, parseModelSpec, sessionFiles, sum, type Variant } from '@nearside/core';
import { modelInvalid } from '../errors/model-invalid.js';
import { answersOf } from '../evaluating/answers.js';
import { askReference } from '../evaluating/ask-reference.js';
import type { Comparison } from '../evaluating/compare.js';
import { type Corruption, corruptionsOf } from '../evaluating/corruptions.js';
import type { Evaluation, VariantEvaluation } from '../evaluating/evaluation.js';
import { namingItem } from '../evaluating/item-error.js';
import { leastItems } from '../evaluating/paired-loss.js';
import { type Ask, type PairedRun, runPaired } from '../evaluating/paired-run.js';
import { type EvaluationItem, readItems } from '../evaluating/read-items.js';
import type { TaskAnswers } from '../evaluating/task-answers.js';
import { writeEvaluation } from '../evaluating/write-evaluation.js';
import { sha256Hex } from '../files/digests.js';
import { sizeOf } from '../files/stat-path.js';
import { readJsonFile } from '../packing/read-json-file.js';
import { openVariant } from './open-variant.js';

export interface EvaluateOptions {
  /** A model directory with all its golden answers. */
  readonly directory: string;
  /** Items: `<label>/<file>`, files without labels, or `labels.jsonl`. */
  readonly folder: string;
  /** The share of right answers that a variant may lose, 0.02 by default. */
  readonly maxLoss?: number | undefined;
  /** The variant that others are compared with: by default the first that does not ship, else the first of fp32. */
  readonly reference?: string | undefined;
  /** The variants that are compared with it; by default all that ship. */
  readonly variants?: readonly string[] | undefined;
  /** False asks no corrupted inputs. */
  readonly corruptions?: boolean | undefined;
  readonly onProgress?: ((progress: EvaluationProgress) => void) | undefined;
  /** Takes a sentence before the first run, where there are few items. */
  readonly onNote?: ((sentence: string) => void) | undefined;
}

export interface EvaluationProgress {
  readonly variant: string;
  /** Undefined for the items as they are. */
  readonly corruption: Corruption['name'] | undefined;
  /** Items that were asked, of at most so many. */
  readonly done: number;
  readonly total: number;
}

const DEFAULTS = Object.freeze({
  maxLoss: 0.02,
  /** Items that are asked corrupted, of each corruption: enough to see what falls apart. */
  corrupted: 50,
  /** Names of items that a report lists. */
  listed: 100,
});

/**
 * Asks each variant of a model the items of a folder, through the whole library, and says what it lost against the
 * reference. Writes `evaluation.json` and a part of `MODEL.md`. The same model and items give the same bytes.
 *
 * @throws NearsideError a code of `readItems`, which names the item; `model-invalid` without a reference; `file-missing`
 *   without the package nearside; a code of its `open` or `run`
 * @throws TypeError for a variant that there is none of; RangeError for `maxLoss` that is no share
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const { directory } = options;
  await using opened = await openEvaluation(options);
  const variants: Record<string, VariantEvaluation> = {};
  for (const candidate of opened.candidates) {
    variants[candidate.name] = await opened.judge(directory, candidate);
  }
  const evaluation = opened.evaluationOf(variants);
  await writeEvaluation(directory, evaluation);
  return evaluation;
}

/** Items with the reference's answers, which any number of variants are held against. */
export interface OpenEvaluation extends AsyncDisposable {
  /** Whether a variant passes that differs in nothing: there are enough items for that. */
  readonly canPass: boolean;
  /** Inputs of the first items, as `model.run` takes them. */
  readInputs(count: number): Promise<unknown[]>;
  readonly candidates: readonly Variant[];
  /**
   * @param directory a model directory with the variant and its golden answers
   * @param options `isTrial`: corrupted inputs are asked only if the variant passes without
   */
  judge(
    directory: string,
    variant: Variant,
    options?: { readonly isTrial?: boolean },
  ): Promise<VariantEvaluation>;
  /** What is known of the model, with the verdicts on variants. */
  evaluationOf(variants: Evaluation['variants']): Evaluation;
}

/**
 * Reads the items and asks the reference. Throws as `evaluate`.
 *
 * @param of `isForMore`: variants are judged that the model directory has not yet
 */
export async function openEvaluation(
  options: EvaluateOptions,
  { isForMore = false }: { readonly isForMore?: boolean } = {},
): Promise<OpenEvaluation> {
  const { directory, folder, maxLoss = DEFAULTS.maxLoss, onNote } = options;
  if (!(maxLoss > 0 && maxLoss < 1)) {
    throw new RangeError(`evaluate: expected \`maxLoss\` above 0 and below 1, got ${maxLoss}.`);
  }
  const spec = parseModelSpec(await readJsonFile(directory, 'model.json'));
  const { reference, candidates, notEvaluated } = chooseVariants(spec, options);
  const items = inAskingOrder(await readItems(folder, spec));
  const canPass = items.length >= leastItems(maxLoss);
  if (!canPass && (candidates.length > 0 || isForMore)) onNote?.(fewItems(items.length, maxLoss));
  const answers = answersOf(spec);
  const opened = await openVariant(directory, reference.name);
  try {
    const { name } = reference;
    const { ask, ignorance, measures } = await askReference(items, {
      name,
      folder,
      ask: asking(name, opened.run, answers),
      answers,
      onItem: counting({ variant: name, total: items.length, options }),
    });
    const corruptions = options.corruptions === false ? [] : corruptionsOf(spec.task, spec);
    const judging: Judging = {
      items,
      corrupted: corruptions.map((corruption) => [
        corruption.name,
        corruptItems(items, corruption),
      ]),
      askReference: ask,
      answers,
      ignorance,
      maxLoss,
      options,
    };
    const { name: model, version, task } = spec;
    const common: Omit<Evaluation, 'variants' | 'notEvaluated'> = {
      format: 1,
      model,
      version,
      task,
      maxLoss,
      items: items.length,
      reference: name,
      referenceBytes: await bytesOf(directory, reference),
      referenceMeasures: measures,
    };
    return {
      canPass,
      readInputs: (count) => Promise.all(items.slice(0, count).map((item) => item.readInput())),
      candidates,
      judge: (directory, variant, { isTrial = false } = {}) =>
        judgeVariant(directory, variant, { ...judging, isTrial }),
      evaluationOf: (variants) => ({ ...common, variants, notEvaluated }),
      [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
    };
  } catch (error) {
    await opened[Symbol.asyncDispose]();
    throw error;
  }
}

/** @throws TypeError, NearsideError `model-invalid` */
function chooseVariants(
  { variants }: ModelSpec,
  { reference: wanted, variants: only }: Pick<EvaluateOptions, 'reference' | 'variants'>,
) {
  const names = variants.map(({ name }) => name);
  for (const name of [...(wanted === undefined ? [] : [wanted]), ...(only ?? [])]) {
    if (names.includes(name)) continue;
    throw new TypeError(
      `evaluate: expected variants of the model (${names.join(', ')}), got '${name}'.`,
    );
  }
  const here = variants.filter(({ runtime }) => runtime === 'onnx');
  const reference =
    wanted === undefined
      ? (here.find(({ ships }) => ships === false) ?? here.find(({ dtype }) => dtype === 'fp32'))
      : here.find(({ name }) => name === wanted);
  if (!reference) {
    const got = variants.map(({ name, runtime, dtype }) => `'${name}' of ${runtime} and ${dtype}`);
    throw modelInvalid(
      `model.json: expected an ONNX variant of fp32 to compare others with, got ${got.join(', ')}. ${NOT_IN_NODE} ` +
        'Keep the original in the model directory with "ships": false.',
      { expected: 'fp32', got },
    );
  }
  const compared = variants.filter(({ name, ships = true }) => {
    return name !== reference.name && (only?.includes(name) ?? ships);
  });
  const elsewhere = compared.filter((variant) => !here.includes(variant));
  return {
    reference,
    candidates: compared.filter((variant) => here.includes(variant)),
    notEvaluated: Object.fromEntries(elsewhere.map(({ name }) => [name, NOT_IN_NODE])),
  };
}

const NOT_IN_NODE = 'TensorFlow.js runs in browsers alone, and variants are asked in Node.';

/** In an order that no label or name decides: what is known when it stops is known of all kinds. */
function inAskingOrder(items: readonly EvaluationItem[]): EvaluationItem[] {
  const keyed = items.map((item) => ({ item, key: sha256Hex(item.name) }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ item }) => item);
}

function fewItems(count: number, maxLoss: number): string {
  return (
    `${count} items are too few to pass a loss of ${maxLoss} even without a single difference: that takes ` +
    `${leastItems(maxLoss)}. A variant can still pass where it gets more items right, and be refused.`
  );
}

function asking(
  name: string,
  run: (input: unknown) => Promise<unknown>,
  answers: TaskAnswers,
): Ask {
  return async (item) => {
    const input = await item.readInput();
    return namingItem(`${item.name}, variant '${name}'`, async () =>
      answers.answerOf(await run(input)),
    );
  };
}

/** @returns what is called after each item */
function counting(of: {
  readonly variant: string;
  readonly corruption?: Corruption['name'];
  readonly total: number;
  readonly options: EvaluateOptions;
}): () => void {
  const { variant, corruption, total, options } = of;
  let done = 0;
  return () => {
    done += 1;
    options.onProgress?.({ variant, corruption, done, total });
  };
}

/** The same items are corrupted in the same way for every variant. */
function corruptItems(
  items: readonly EvaluationItem[],
  corruption: Corruption,
): readonly EvaluationItem[] {
  return items.slice(0, DEFAULTS.corrupted).map((item, i) => {
    const { slice: _, ...whole } = item;
    return {
      ...whole,
      readInput: async () => corruption.apply(await item.readInput(), i + 1),
    };
  });
}

interface Judging {
  readonly items: readonly EvaluationItem[];
  readonly corrupted: readonly (readonly [Corruption['name'], readonly EvaluationItem[]])[];
  readonly askReference: Ask;
  readonly answers: TaskAnswers;
  readonly ignorance: number;
  readonly maxLoss: number;
  readonly options: EvaluateOptions;
}

async function judgeVariant(
  directory: string,
  variant: Variant,
  { isTrial, ...judging }: Judging & { readonly isTrial: boolean },
): Promise<VariantEvaluation> {
  const { answers, corrupted, options } = judging;
  const { name } = variant;
  await using opened = await openVariant(directory, name);
  const ask = asking(name, opened.run, answers);
  const runOver = (items: readonly EvaluationItem[], corruption?: Corruption['name']) => {
    const progress = { variant: name, total: items.length, options };
    const onItem = counting(corruption ? { ...progress, corruption } : progress);
    return runPaired(items, { ...judging, ask, onItem });
  };
  const { differing, lostItems, answered, slices, ...whole } = await runOver(judging.items);
  const refusedFor = refusalsOf(whole, slices);
  const corruptions: Record<string, Comparison> = {};
  const isOver = refusedFor.length > 0 || (isTrial && whole.verdict !== 'passed');
  for (const [corruption, items] of isOver ? [] : corrupted) {
    corruptions[corruption] = comparisonOf(await runOver(items, corruption));
    if (corruptions[corruption]?.verdict === 'refused') refusedFor.push(corruption);
  }
  return {
    ...whole,
    verdict: refusedFor.length > 0 ? 'refused' : whole.verdict,
    refusedFor,
    sizeBytes: await bytesOf(directory, variant),
    differing,
    lostItems: lostItems.slice(0, DEFAULTS.listed),
    measures: answers.measure(answered),
    slices,
    corruptions,
  };
}

function comparisonOf(run: PairedRun): Comparison {
  const { differing: _, lostItems: _items, answered: _answered, slices: _slices, ...own } = run;
  return own;
}

function refusalsOf(whole: Comparison, slices: Readonly<Record<string, Comparison>>): string[] {
  const refused = Object.entries(slices).filter(([, { verdict }]) => verdict === 'refused');
  return [
    ...(whole.verdict === 'refused' ? ['all items'] : []),
    ...refused.map(([name]) => `slice '${name}'`),
  ];
}

async function bytesOf(directory: string, variant: Variant): Promise<number> {
  const files = [...new Set(sessionFiles(variant))];
  return sum(await Promise.all(files.map((file) => sizeOf(join(directory, file)))));
}
