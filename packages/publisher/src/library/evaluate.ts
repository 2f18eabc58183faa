import { access, constants } from 'node:fs/promises';
import { type ModelSpec, parseModelSpec, type Variant } from '@nearside/core';
import type { Measures } from '../evaluating/comparing/comparing.js';
import { comparingOf } from '../evaluating/comparing/comparing-of.js';
import { corruptItems } from '../evaluating/corrupting/corrupt-items.js';
import { corruptionsOf } from '../evaluating/corrupting/corruptions.js';
import {
  type EvaluationItem,
  inAskingOrder,
  itemsDigest,
} from '../evaluating/items/evaluation-item.js';
import { readItems } from '../evaluating/items/read-items.js';
import { askOriginal } from '../evaluating/judging/ask-original.js';
import {
  askingOf,
  countingOf,
  type EvaluationProgress,
} from '../evaluating/judging/ask-variant.js';
import { type ChosenVariants, chooseVariants } from '../evaluating/judging/choose-variants.js';
import type { Evaluation, VariantEvaluation } from '../evaluating/judging/evaluation.js';
import { judgeVariant } from '../evaluating/judging/judge-variant.js';
import { leastItems } from '../evaluating/judging/paired-loss.js';
import { type VariantFiles, weighVariant } from '../evaluating/judging/variant-files.js';
import { count, limitOf } from '../evaluating/report/describe-evaluation.js';
import { writeEvaluation } from '../evaluating/report/write-evaluation.js';
import { isDirectory } from '../files/stat-path.js';
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
  readonly original?: string | undefined;
  /** The variants that are compared with it; by default all that ship. */
  readonly variants?: readonly string[] | undefined;
  /** False asks no corrupted inputs. */
  readonly corruptions?: boolean | undefined;
  readonly onProgress?: ((progress: EvaluationProgress) => void) | undefined;
  /** Takes a sentence before the first run, where there are few items. */
  readonly onNote?: ((sentence: string) => void) | undefined;
}

const MAX_LOSS = 0.02;

/**
 * Asks each variant of a model the items of a folder, through the whole library, and says what it lost against the
 * original. Writes `evaluation.json` and a part of `MODEL.md`. The same model and items give the same bytes.
 *
 * @throws NearsideError a code of `readItems`, which names the item; `model-invalid` without an original; `file-missing`
 *   without the package nearside; a code of its `open` or `run`
 * @throws TypeError for a variant that there is none of; RangeError for `maxLoss` that is no share
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const { directory } = options;
  if (await isDirectory(directory)) await access(directory, constants.W_OK); // before what takes long
  await using opened = await openEvaluation(await readQuestions(options));
  const variants: Record<string, VariantEvaluation> = {};
  for (const candidate of opened.candidates) {
    variants[candidate.name] = await opened.judge(directory, candidate);
  }
  const evaluation = opened.evaluationOf(variants);
  await writeEvaluation(directory, evaluation);
  return evaluation;
}

/** The items of a model, before it is asked. */
export interface Questions {
  /** A model directory. */
  readonly directory: string;
  readonly spec: ModelSpec;
  readonly chosen: ChosenVariants;
  readonly items: readonly EvaluationItem[];
  readonly maxLoss: number;
  readonly options: Pick<EvaluateOptions, 'folder' | 'corruptions' | 'onProgress'>;
}

/**
 * Reads the items, and says where they are too few. Throws as `evaluate`.
 *
 * @param of `isForMore`: variants are judged that the model directory has not yet
 */
export async function readQuestions(
  options: EvaluateOptions,
  { isForMore = false }: { readonly isForMore?: boolean } = {},
): Promise<Questions> {
  const { directory, folder, maxLoss = MAX_LOSS, onNote } = options;
  if (!(maxLoss > 0 && maxLoss < 1)) {
    throw new RangeError(`evaluate: expected \`maxLoss\` above 0 and below 1, got ${maxLoss}.`);
  }
  const spec = parseModelSpec(await readJsonFile(directory, 'model.json'));
  const chosen = chooseVariants(spec, options);
  const items = inAskingOrder(await readItems(folder, spec));
  const isJudging = isForMore || chosen.candidates.length > 0;
  if (isJudging && items.length < leastItems(maxLoss)) onNote?.(fewItems(items.length, maxLoss));
  return { directory, spec, chosen, items, maxLoss, options };
}

/** Items with the original's answers, which any number of variants are held against. */
export interface OpenEvaluation extends AsyncDisposable {
  /** True where there are enough items for a variant to pass that differs in nothing. */
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
  /** Joins all that is known of the model with the verdicts on variants. */
  evaluationOf(variants: Evaluation['variants']): Evaluation;
}

/** Asks the original all items. Throws as `evaluate`. */
export async function openEvaluation(questions: Questions): Promise<OpenEvaluation> {
  const { directory, spec, chosen, items, maxLoss, options } = questions;
  const { folder, onProgress } = options;
  const { name } = chosen.original;
  const comparing = comparingOf(spec);
  const opened = await openVariant(directory, name);
  try {
    const answered = await askOriginal(items, {
      name,
      folder,
      ask: askingOf(name, opened.run, comparing),
      comparing,
      onItem: countingOf(onProgress, { variant: name, corruption: undefined, total: items.length }),
    });
    const corruptions = options.corruptions === false ? [] : corruptionsOf(spec.task, spec);
    const corrupted = new Map(corruptions.map((one) => [one.name, corruptItems(items, one)]));
    const judging = { items, corrupted, original: answered, comparing, maxLoss, onProgress };
    const common = describeModel(questions, {
      originalMeasures: answered.measures,
      ...(await weighVariant(opened.directory, name)),
    });
    return {
      canPass: items.length >= leastItems(maxLoss),
      readInputs: (count) => Promise.all(items.slice(0, count).map((item) => item.readInput())),
      candidates: chosen.candidates,
      async judge(home, variant, { isTrial = false } = {}) {
        await using candidate = await openVariant(home, variant.name);
        const ask = askingOf(variant.name, candidate.run, comparing);
        const judged = await judgeVariant(variant.name, { ...judging, ask, isTrial });
        return { ...judged, ...(await weighVariant(candidate.directory, variant.name)) };
      },
      evaluationOf(variants) {
        return { ...common, variants, notEvaluated: chosen.notEvaluated };
      },
      [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
    };
  } catch (error) {
    await opened[Symbol.asyncDispose]();
    throw error;
  }
}

function describeModel(
  { spec, chosen: { original }, items, maxLoss }: Questions,
  { originalMeasures, sizeBytes, sha256 }: VariantFiles & { readonly originalMeasures: Measures },
): Omit<Evaluation, 'variants' | 'notEvaluated'> {
  const { name: model, version, task } = spec;
  return {
    format: 1,
    model,
    version,
    task,
    maxLoss,
    items: items.length,
    itemsSha256: itemsDigest(items),
    original: original.name,
    originalBytes: sizeBytes,
    originalSha256: sha256,
    originalMeasures,
  };
}

function fewItems(items: number, maxLoss: number): string {
  return (
    `${count(items)} items are too few to pass at ${limitOf(maxLoss)}: without a single difference that takes ` +
    `${count(leastItems(maxLoss))}. A variant that is not refused stays undecided, unless it gets more of them right.`
  );
}
