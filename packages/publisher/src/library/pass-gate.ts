import { parseModelSpec } from '@nearside/core';
import { PublisherError } from '../errors/publisher-error.js';
import { readItems } from '../evaluating/items/read-items.js';
import type { Evaluation, VariantEvaluation } from '../evaluating/judging/evaluation.js';
import { count, limitOf, lossOf, nameItems } from '../evaluating/report/describe-evaluation.js';
import { openTemporary } from '../files/temporary.js';
import { readJsonFile } from '../packing/read-json-file.js';
import { type DraftOptions, draft } from './draft.js';
import { type EvaluateOptions, evaluate } from './evaluate.js';
import type { OnStep } from './telling-long.js';

export interface GateOptions
  extends Pick<EvaluateOptions, 'folder' | 'maxLoss' | 'onProgress' | 'onNote'> {
  /** Refuses variants too that are undecided, or could not be asked. */
  readonly strict?: boolean | undefined;
  /** Takes a sentence for each step of a search. */
  readonly onStep?: OnStep | undefined;
  /** Takes what was found before a variant is refused. */
  readonly onRefused?: ((evaluation: Evaluation) => void) | undefined;
}

/**
 * Reads the items that a model is to be evaluated with before anything is written.
 *
 * @throws NearsideError a code of `readItems` or `draft`
 */
export async function requireItems(
  folder: string,
  options: Omit<DraftOptions, 'out'>,
): Promise<void> {
  await using temporary = await openTemporary('draft');
  const { directory } = await draft({ ...options, out: temporary.directory });
  await readItems(folder, parseModelSpec(await readJsonFile(directory, 'model.json')));
}

/**
 * Evaluates the variants of a model directory, and lets none through that surely lost too much. Refused or not, the
 * directory gets `evaluation.json` and a part of `MODEL.md`, which say why.
 *
 * @throws NearsideError `gate-refused`, naming variant, loss, interval and items; or a code of `evaluate`
 */
export async function passGate(directory: string, gate: GateOptions): Promise<Evaluation> {
  const evaluation = await evaluate({ ...gate, directory });
  requirePassed(evaluation, gate);
  return evaluation;
}

/** Where a draft cannot be judged, the likeliest reason is what was assumed of it. */
export async function tellingAssumed<T>(
  assumed: readonly string[],
  { onNote }: GateOptions,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const isJudged = error instanceof PublisherError && error.code === 'gate-refused';
    if (!isJudged) for (const sentence of assumed) onNote?.(sentence);
    throw error;
  }
}

/** @throws NearsideError `gate-refused`, naming variant, loss, interval and items */
export function requirePassed(
  evaluation: Evaluation,
  { strict = false, onRefused, onNote }: GateOptions,
): void {
  const refusal = findRefusal(evaluation, strict);
  if (refusal) {
    onRefused?.(evaluation);
    throw refusal;
  }
  const undecided = Object.entries(evaluation.variants).filter(
    ([, { verdict }]) => verdict === 'undecided',
  );
  for (const [name] of undecided) {
    onNote?.(
      `Variant '${name}' is undecided: these items do not show whether it loses too much. It goes on all the same; \`--strict\` refuses it.`,
    );
  }
}

function findRefusal(evaluation: Evaluation, strict: boolean): PublisherError | undefined {
  for (const [name, variant] of Object.entries(evaluation.variants)) {
    if (variant.verdict === 'passed') continue;
    if (strict || variant.verdict === 'refused') return refusalOf(name, variant, evaluation);
  }
  const [missing] = strict ? Object.entries(evaluation.notEvaluated) : [];
  if (!missing) return undefined;
  const [name, why] = missing;
  const advice = 'Leave it out of model.json, or leave out `--strict`.';
  return gateRefused(name, evaluation, `its answers, got none: ${why} ${advice}`, {});
}

/** @returns `gate-refused` for a variant that has not passed, naming its loss, interval and items */
export function refusalOf(
  name: string,
  variant: VariantEvaluation,
  of: Evaluation,
): PublisherError {
  return variant.verdict === 'refused' ? refused(name, variant, of) : undecided(name, variant, of);
}

function refused(name: string, variant: VariantEvaluation, of: Evaluation): PublisherError {
  const { items, lostItems, refusedFor } = variant;
  const named = nameItems(lostItems);
  return gateRefused(
    name,
    of,
    `a loss of at most ${limitOf(of.maxLoss)} against '${of.original}', got ${lossOf(variant)} over ${count(items)} items. ` +
      `It is refused for ${nameItems(refusedFor)}.${named && ` It alone got these wrong: ${named}.`} Keep ` +
      'more of its tensors as they are, leave it out of model.json, or allow more with `--max-loss`.',
    variant,
  );
}

function undecided(name: string, variant: VariantEvaluation, of: Evaluation): PublisherError {
  const { itemsToDecide } = variant;
  const needed = itemsToDecide === undefined ? 'more' : `some ${count(itemsToDecide)}`;
  return gateRefused(
    name,
    of,
    `a loss that is surely within ${limitOf(of.maxLoss)} against '${of.original}', got ${lossOf(variant)}. Give ` +
      `${needed} items, or leave out \`--strict\`.`,
    variant,
  );
}

function gateRefused(
  name: string,
  { model, version, maxLoss }: Evaluation,
  message: string,
  { loss, low, high, items, lostItems }: Partial<VariantEvaluation>,
): PublisherError {
  return new PublisherError(
    'gate-refused',
    `Variant '${name}' of ${model} ${version}: expected ${message}`,
    { details: { variant: name, maxLoss, loss, low, high, items, lostItems } },
  );
}
