import { cp, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Variant } from '@nearside/core';
import { answerInWasm } from '../answering/answer-in-wasm.js';
import { unanswered } from '../answering/answered-before.js';
import type { Evaluation, VariantEvaluation } from '../evaluating/evaluation.js';
import { makeDirectory } from '../files/make-directory.js';
import { openTemporary } from '../files/temporary-directory.js';
import { readJsonFile } from '../packing/read-json-file.js';
import {
  FORMATS,
  type Format,
  type QuantizedVariant,
  quantizeVariant,
} from '../quantizing/quantize-variant.js';
import { rankTensors } from '../quantizing/rank-tensors.js';
import { searchHalves } from '../quantizing/search-halves.js';
import { type OpenEvaluation, openEvaluation } from './evaluate.js';
import { type GateOptions, requirePassed } from './pass-gate.js';

/** A format, and the variant of floats that it is made from. */
export interface PlannedFormat {
  readonly format: Format;
  readonly base: Variant;
}

export interface GatedFormats {
  readonly made: ReadonlyMap<Format, QuantizedVariant>;
  readonly evaluation: Evaluation;
}

/**
 * Makes variants that pass a gate. Where one does not, tensors become half floats instead, first those that alone change
 * answers most, until it does. Where too few items could decide, a variant goes on undecided.
 *
 * @param directory a model directory, which stays as it is
 * @throws NearsideError `gate-refused` where one does not even pass in half floats; or a code of `evaluate`
 */
export async function gateFormats(
  directory: string,
  planned: readonly PlannedFormat[],
  { keep, gate }: { readonly keep: ReadonlySet<string>; readonly gate: GateOptions },
): Promise<GatedFormats> {
  await using copy = await openTemporary('gated');
  await copyToCompare(directory, planned, copy.directory);
  const reference = planned.find(({ base }) => base.runtime === 'onnx')?.base.name;
  const options = { ...gate, directory: copy.directory, reference };
  await using opened = await openEvaluation(options, { isForMore: true });
  const gating: Gating = { directory, copy: copy.directory, opened, keep, gate };
  const made = new Map<Format, QuantizedVariant>();
  const judged: Record<string, VariantEvaluation> = {};
  let asFloat16: ReadonlySet<string> = new Set();
  for (const plan of planned) {
    const passed = await makePassing(plan, asFloat16, gating);
    made.set(plan.format, passed.made);
    if (passed.verdict) judged[plan.format] = passed.verdict;
    asFloat16 = passed.asFloat16; // another format of as many bits rounds alike
  }
  for (const candidate of opened.candidates) {
    judged[candidate.name] = await opened.judge(copy.directory, candidate);
  }
  const evaluation = opened.evaluationOf(judged);
  requirePassed(evaluation, gate);
  return { made, evaluation };
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
  readonly asFloat16: ReadonlySet<string>;
  /** Undefined for one that Node does not run. */
  readonly verdict: VariantEvaluation | undefined;
}

async function makePassing(
  plan: PlannedFormat,
  asFloat16: ReadonlySet<string>,
  gating: Gating,
): Promise<Candidate> {
  const first = await tryWith(asFloat16, plan, gating);
  const { verdict } = first;
  if (!verdict || verdict.verdict === 'passed') return first;
  const isFewItems = verdict.verdict === 'undecided' && !gating.opened.canPass;
  if (isFewItems || plan.format === 'fp16') return first;
  return searchPassing(plan, first, gating);
}

/** Items by which tensors are ranked. */
const RANKED_BY = 4;

/** @throws NearsideError `gate-refused` */
async function searchPassing(
  plan: PlannedFormat,
  { made: { tensors } }: Candidate,
  gating: Gating,
): Promise<Candidate> {
  const { directory, opened, keep, gate } = gating;
  const { format, base } = plan;
  const names = [...new Set(tensors.map(({ name }) => name))];
  const of = `${names.length} tensors`;
  gate.onStep?.(`${format}: does not pass; its ${of} are ranked by what each alone changes`);
  const inputs = await opened.readInputs(RANKED_BY);
  const order = await rankTensors(directory, base, { format, keep, tensors: names, inputs });
  const tried: { passed?: Candidate; last?: Candidate } = {};
  const found = await searchHalves(order, async (asFloat16) => {
    gate.onStep?.(`${format}: with ${asFloat16.size} of ${of} as half floats`);
    tried.last = await tryWith(asFloat16, plan, gating);
    const isPassed = tried.last.verdict?.verdict === 'passed';
    if (isPassed) tried.passed = tried.last; // each that passes has fewer than the one before
    return isPassed;
  });
  if (found && tried.passed) return tried.passed;
  const verdict = tried.last?.verdict;
  requirePassed(opened.evaluationOf(verdict ? { [format]: verdict } : {}), {
    ...gate,
    strict: true,
  });
  throw new TypeError('expected a verdict that does not pass');
}

/** Makes a candidate, has its golden cases answered, and judges it. */
async function tryWith(
  asFloat16: ReadonlySet<string>,
  { format, base }: PlannedFormat,
  { directory, copy, opened, keep }: Gating,
): Promise<Candidate> {
  const made = await quantizeVariant(directory, base, { format, keep, asFloat16 });
  if (FORMATS[format] !== 'onnx') return { made, asFloat16, verdict: undefined };
  for (const [name, bytes] of made.files) {
    await makeDirectory(dirname(join(copy, name)));
    await writeFile(join(copy, name), bytes);
  }
  await editVariants(copy, (variants) => [
    ...variants.filter(({ name }) => name !== format),
    made.variant,
  ]);
  await answerInWasm(copy, { variants: [format] });
  return { made, asFloat16, verdict: await opened.judge(copy, made.variant, { isTrial: true }) };
}

/** Copies a model directory with all its golden answers, whose bases are there to be compared with. */
async function copyToCompare(
  directory: string,
  planned: readonly PlannedFormat[],
  copy: string,
): Promise<void> {
  await cp(directory, copy, { recursive: true });
  const bases = new Set(planned.map(({ base }) => base.name));
  await editVariants(copy, (variants) =>
    variants.map((one) => (bases.has(one.name) ? { ...one, ships: false } : one)),
  );
  const variants = await unanswered(copy, { inputs: undefined, reference: undefined });
  if (variants.length > 0) await answerInWasm(copy, { variants });
}

async function editVariants(
  directory: string,
  edit: (variants: readonly Variant[]) => Variant[],
): Promise<void> {
  const json = (await readJsonFile(directory, 'model.json')) as { variants: Variant[] };
  const edited = JSON.stringify({ ...json, variants: edit(json.variants) });
  await writeFile(join(directory, 'model.json'), edited);
}
