import { cp, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Variant } from '@nearside/core';
import { answerInWasm } from '../answering/answer-in-wasm.js';
import { unanswered } from '../answering/answered-before.js';
import type { Evaluation, VariantEvaluation } from '../evaluating/judging/evaluation.js';
import { makeDirectory } from '../files/make-directory.js';
import { openTemporary } from '../files/temporary.js';
import { editSpec } from '../packing/edit-documents.js';
import { type MakingFormats, makeFormats } from '../quantizing/make-formats.js';
import type { PlannedFormat } from '../quantizing/plan-formats.js';
import {
  FORMATS,
  type Format,
  type QuantizedVariant,
  quantizeVariant,
} from '../quantizing/quantize-variant.js';
import { rankTensors } from '../quantizing/rank-tensors.js';
import { searchHalves } from '../quantizing/search-halves.js';
import { type OpenEvaluation, openEvaluation, readQuestions } from './evaluate.js';
import { type GateOptions, refusalOf, requirePassed } from './pass-gate.js';

export interface GatedFormats {
  readonly made: ReadonlyMap<Format, QuantizedVariant>;
  readonly evaluation: Evaluation;
}

export interface GatingFormats extends MakingFormats {
  readonly gate: GateOptions;
}

/**
 * Makes variants that pass a gate. Where one does not, tensors become half floats instead, first those that alone change
 * answers most, until it does. Where too few items could decide, a variant goes on undecided.
 *
 * @param directory a model directory, which stays as it is
 * @param planned in order: the half floats of one are tried first of the next, so that `int8` and `int8-lean` have the same
 * @throws NearsideError `gate-refused` where one does not even pass in half floats; or a code of `evaluate` or `makeFormats`
 */
export async function gateFormats(
  directory: string,
  planned: readonly PlannedFormat[],
  { gate, ...making }: GatingFormats,
): Promise<GatedFormats> {
  await using temporary = await openTemporary('gated');
  const copy = temporary.directory;
  await copyToCompare(directory, planned, copy);
  const original = planned.find(({ base }) => base.runtime === 'onnx')?.base.name;
  const options = { ...gate, directory: copy, original };
  const questions = await readQuestions(options, { isForMore: true });
  const whole = await makeFormats(directory, planned, making);
  await answerAll(copy);
  await using opened = await openEvaluation(questions);
  const gating: Gating = { directory, copy, opened, keep: making.keep, gate };
  const made = new Map<Format, QuantizedVariant>();
  const judged: Record<string, VariantEvaluation> = {};
  let halfFloats: ReadonlySet<string> = new Set();
  for (const plan of planned) {
    const { format } = plan;
    const first = whole.get(format) as QuantizedVariant;
    if (FORMATS[format] !== 'onnx') {
      made.set(format, first); // Node does not run it
      continue;
    }
    const passed = await makePassing(plan, { first, halfFloats }, gating);
    made.set(format, passed.made);
    judged[format] = tellingHalves(format, passed);
    halfFloats = passed.halfFloats;
  }
  for (const candidate of opened.candidates) {
    judged[candidate.name] = await opened.judge(copy, candidate);
  }
  const evaluation = opened.evaluationOf(judged);
  requirePassed(evaluation, gate);
  return { made, evaluation };
}

/** The verdict, with the tensors that became half floats for it. */
function tellingHalves(format: Format, { made, judged }: Candidate): VariantEvaluation {
  const halved = made.tensors.filter((one) => one.format === 'fp16' && format !== 'fp16');
  const halfFloats = [...new Set(halved.map(({ name }) => name))].sort();
  return halfFloats.length > 0 ? { ...judged, halfFloats } : judged;
}

interface Gating {
  readonly directory: string;
  /** A copy, in which candidates are placed. */
  readonly copy: string;
  readonly opened: OpenEvaluation;
  readonly keep: ReadonlySet<string>;
  readonly gate: GateOptions;
}

interface Candidate {
  readonly made: QuantizedVariant;
  readonly halfFloats: ReadonlySet<string>;
  readonly judged: VariantEvaluation;
}

/** @param from the variant without half floats, and those of an earlier format, which are tried first */
async function makePassing(
  plan: PlannedFormat,
  from: { readonly first: QuantizedVariant; readonly halfFloats: ReadonlySet<string> },
  gating: Gating,
): Promise<Candidate> {
  const { directory, opened, keep } = gating;
  const { first, halfFloats } = from;
  const isHalved = plan.format !== 'fp16' && first.tensors.some(({ name }) => halfFloats.has(name));
  const options = { format: plan.format, keep, halfFloats };
  const made = isHalved ? await quantizeVariant(directory, plan.base, options) : first;
  const canSearch = opened.canPass && plan.format !== 'fp16';
  const candidate = await judgeMade({ made, halfFloats }, gating, { isTrial: canSearch });
  const { verdict } = candidate.judged;
  if (verdict === 'passed' || plan.format === 'fp16') return candidate;
  if (verdict === 'undecided' && !opened.canPass) return candidate;
  return searchPassing(plan, candidate, gating);
}

/** Items by which tensors are ranked. */
const RANKED_BY = 4;

/** @throws NearsideError `gate-refused` */
async function searchPassing(
  plan: PlannedFormat,
  first: Candidate,
  gating: Gating,
): Promise<Candidate> {
  const { directory, opened, keep, gate } = gating;
  const { format, base } = plan;
  const names = [...new Set(first.made.tensors.map(({ name }) => name))];
  const of = `${names.length} tensors`;
  gate.onStep?.(`${format}: does not pass; its ${of} are ranked by what each alone changes`);
  const inputs = await opened.readInputs(RANKED_BY);
  const order = await rankTensors(directory, base, { format, keep, tensors: names, inputs });
  const tried: { last: Candidate; passed?: Candidate } = { last: first };
  await searchHalves(order, async (halfFloats) => {
    gate.onStep?.(`${format}: with ${halfFloats.size} of ${of} as half floats`);
    const made = await quantizeVariant(directory, base, { format, keep, halfFloats });
    tried.last = await judgeMade({ made, halfFloats }, gating, { isTrial: true });
    const isPassed = tried.last.judged.verdict === 'passed';
    if (isPassed) tried.passed = tried.last; // each that passes has fewer than the one before
    return isPassed;
  });
  if (tried.passed) return tried.passed;
  const { judged } = tried.last;
  const evaluation = opened.evaluationOf({ [format]: judged });
  gate.onRefused?.(evaluation);
  throw refusalOf(format, judged, evaluation);
}

/** Has the golden cases of a variant answered, and judges it. */
async function judgeMade(
  of: Omit<Candidate, 'judged'>,
  { copy, opened }: Gating,
  options: { readonly isTrial: boolean },
): Promise<Candidate> {
  const { variant, files } = of.made;
  for (const [name, bytes] of files) {
    await makeDirectory(dirname(join(copy, name)));
    await writeFile(join(copy, name), bytes);
  }
  await editSpec(copy, (spec) => {
    const others = spec.variants.filter(({ name }) => name !== variant.name);
    return { ...spec, variants: [...others, variant] };
  });
  await answerInWasm(copy, { variants: [variant.name] });
  return { ...of, judged: await opened.judge(copy, variant, options) };
}

/** Copies a model directory, whose bases are there to be compared with. */
async function copyToCompare(
  directory: string,
  planned: readonly PlannedFormat[],
  copy: string,
): Promise<void> {
  await cp(directory, copy, { recursive: true });
  const bases = new Set(planned.map(({ base }) => base.name));
  await editSpec(copy, (spec) => {
    const ofBase = (one: Variant) => (bases.has(one.name) ? { ...one, ships: false } : one);
    return { ...spec, variants: spec.variants.map(ofBase) };
  });
}

async function answerAll(directory: string): Promise<void> {
  const variants = await unanswered(directory, { inputs: undefined, reference: undefined });
  if (variants.length > 0) await answerInWasm(directory, { variants });
}
