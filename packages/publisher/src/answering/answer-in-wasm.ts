import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  casesOfStage,
  elementCount,
  type Golden,
  type GoldenCase,
  goldenFiles,
  type ModelSpec,
  numbersOf,
  parseGolden,
  parseModelSpec,
  type Stage,
  type StoredOutput,
  stagesOf,
  type Tensor,
  type Tensors,
  type Variant,
} from '@nearside/core';
import { modelInvalid } from '../errors/model-invalid.js';
import { PublisherError } from '../errors/publisher-error.js';
import { sha256Hex } from '../files/digests.js';
import { makeDirectory } from '../files/make-directory.js';
import { replaceFile } from '../files/replace-file.js';
import { readJsonFile } from '../packing/read-json-file.js';
import { describeInputs, requireDrawable } from '../packing/seeded-inputs.js';
import { type Answers, answerInProcess, FailedStep } from './answer-in-process.js';
import { hasRecord, recordWeights } from './answered-before.js';
import { deriveTolerance, joinTolerances } from './derive-tolerance.js';
import { requireInside } from './require-inside.js';

/**
 * Has ONNX Runtime's wasm, or TensorFlow.js in JavaScript, answer the golden cases of a model directory: the same
 * numbers on every machine. Writes golden.json and the answers.
 *
 * @param options `variants`: the names of those to answer for, by default all; the others keep their answers
 * @returns what answered, and which tolerances were widened for ONNX Runtime's other levels of optimisation
 * @throws NearsideError `golden-missing` when the model cannot be run with these inputs; `model-invalid` when a
 *   file is damaged, or its answers can be compared with nothing; `file-missing` without the package nearside
 */
export async function answerInWasm(
  directory: string,
  { variants: only }: { readonly variants?: readonly string[] } = {},
): Promise<string> {
  await requireInside(directory);
  const whole = parseModelSpec(await readJsonFile(directory, 'model.json'));
  const golden = parseGolden(await readJsonFile(directory, 'golden.json'));
  const isAsked = ({ name }: Variant) => only?.includes(name) ?? true;
  const spec = { ...whole, variants: whole.variants.filter(isAsked) };
  const others = whole.variants.filter((variant) => !isAsked(variant)).map(({ name }) => name);
  requireInputs(golden);
  const references = new Set(others.length > 0 && golden.reference ? [golden.reference] : []);
  const report: string[] = [];
  const tolerance = pick(golden.tolerance, others);
  const expected = new Map(golden.cases.map((one) => [one, pick(one.expected, others)]));
  const taken = new Set(golden.cases.flatMap((one) => goldenFiles(one, others)).map(asOneFile));
  for (const runtime of new Set(spec.variants.map((variant) => variant.runtime))) {
    const asked = spec.variants.filter((one) => one.runtime === runtime);
    const names = asked.map(({ name }) => name);
    const answers = await answerInProcess(directory, runtime, { variants: names }).catch(
      (error) => {
        if (!(error instanceof FailedStep)) throw error;
        throw findDamaged(error, spec) ?? goldenMissing(error, golden);
      },
    );
    references.add(answers.reference);
    for (const variant of asked) {
      const { outputs, lines, ...own } = judge({ spec, golden, variant, answers });
      tolerance[variant.name] = own.tolerance;
      report.push(...lines);
      for (const [one, tensors] of outputs) {
        const prefix = `${one.name}.${variant.name}`;
        const stored = await storeTensors(directory, { prefix, tensors, taken });
        Object.assign(expected.get(one) ?? {}, { [variant.name]: stored });
      }
    }
  }
  const cases = golden.cases.map((one) => ({ ...one, expected: expected.get(one) ?? {} }));
  const reference = [...references].join(', ');
  await writeJson(join(directory, 'golden.json'), { format: 1, reference, cases, tolerance });
  const hasOthers = others.length > 0;
  if (!hasOthers || (await hasRecord(directory)))
    await recordWeights(directory, { others: hasOthers });
  return [`Answers of ${reference}.`, ...report].join('\n');
}

function requireInputs({ cases }: Golden): void {
  for (const { name, inputs } of cases) {
    for (const [input, tensor] of Object.entries(inputs)) {
      if ('seed' in tensor) requireDrawable(`golden.json, case '${name}', '${input}'`, tensor);
    }
  }
}

function pick<T>(all: Readonly<Record<string, T>>, names: readonly string[]): Record<string, T> {
  return Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name)));
}

interface Judged {
  readonly outputs: ReadonlyMap<GoldenCase, Tensors>;
  readonly tolerance: Golden['tolerance'][string];
  readonly lines: readonly string[];
}

/** Holds the answers of a variant to what every device must be able to reproduce, and derives the tolerance. */
function judge(of: {
  readonly spec: ModelSpec;
  readonly golden: Golden;
  readonly variant: Variant;
  readonly answers: Answers;
}): Judged {
  const { spec, golden, variant, answers } = of;
  const outputs = new Map<GoldenCase, Tensors>();
  const lines = answers.impassable
    .filter(({ step }) => step.variant === variant.name)
    .map(({ step, message }) => `${variant.name}: ${step.way} is not possible: ${message}`);
  const stages = stagesOf(spec).map((stage) => {
    const cases = casesOfStage(golden, stage);
    const find = (one: GoldenCase, way: string) =>
      answers.answered.find(
        (run) => run.variant === variant.name && run.case === one.name && run.way === way,
      )?.outputs;
    for (const one of cases) {
      const once = find(one, 'once') ?? {};
      requireAnswers(once, find(one, 'again') ?? {}, { variant, stage, one });
      outputs.set(one, once);
    }
    const ways = new Set(answers.answered.map(({ way }) => way));
    const ofStage = stage.outputs.map(({ name }) => {
      const all = (way: string) => cases.flatMap((one) => find(one, way)?.[name] ?? []);
      const others = [...ways]
        .filter((way) => way !== 'once' && way !== 'again')
        .map((way) => [way, all(way)] as const)
        .filter(([, tensors]) => tensors.length === cases.length);
      return { name, expected: all('once'), others: new Map(others) };
    });
    const { bounds, report } = deriveTolerance(variant, ofStage);
    lines.push(...report);
    return [stage, bounds] as const;
  });
  return { outputs, tolerance: joinTolerances(stages), lines };
}

/** @throws NearsideError `model-invalid`, naming the output */
function requireAnswers(
  once: Tensors,
  again: Tensors,
  { variant, stage, one }: { variant: Variant; stage: Stage; one: GoldenCase },
): void {
  for (const { name } of stage.outputs) {
    const tensor = once[name];
    const wrong = tensor && findWrong(tensor, again[name]);
    if (!wrong) continue;
    throw modelInvalid(
      `golden.json, case '${one.name}', output '${name}' of variant ${variant.name}: expected ` +
        `${wrong.expected}, got ${wrong.got}. Tried: ${describeInputs(one.inputs)}. ${ADVICE}`,
      { case: one.name, output: name, variant: variant.name, ...wrong, tried: one.inputs },
    );
  }
}

const ADVICE =
  'Give inputs that the model is made for, with `--shape` and `--range`; or keep the draft, with ' +
  '`--draft`, and edit its golden.json.';

function findWrong(
  tensor: Tensor,
  again: Tensor | undefined,
): { expected: string; got: string } | undefined {
  const shape = `[${tensor.shape.join(', ')}]`;
  if (tensor.datatype === 'BYTES') return { expected: 'numbers', got: 'text' };
  if (elementCount(tensor.shape) === 0) return { expected: 'values', got: `shape ${shape}` };
  const values = numbersOf(tensor);
  const infinite = values.find((value) => !Number.isFinite(value));
  if (infinite !== undefined) return { expected: 'finite numbers', got: `${infinite}` };
  const second = again && numbersOf(again);
  if (second?.length === values.length && values.every((value, i) => value === second[i])) {
    return undefined;
  }
  return { expected: 'the same numbers twice', got: 'others the second time' };
}

/** @param what `taken`: files that hold something else; those that are written here are added */
async function storeTensors(
  directory: string,
  what: { readonly prefix: string; readonly tensors: Tensors; readonly taken: Set<string> },
): Promise<Record<string, StoredOutput>> {
  const { prefix, tensors, taken } = what;
  await makeDirectory(join(directory, 'golden'));
  const stored: Record<string, StoredOutput> = {};
  for (const [name, { datatype, shape, data }] of Object.entries(tensors)) {
    if (datatype === 'BYTES') continue;
    const file = freeFile(`${prefix}.${name}`, taken);
    const every = everyOf(data.length);
    const some =
      every === 1 ? data : data.filter((_: number | bigint, i: number) => i % every === 0);
    const bytes = new Uint8Array(some.buffer, some.byteOffset, some.byteLength);
    await replaceFile(join(directory, file), (temporary) => writeFile(temporary, bytes));
    stored[name] = { datatype, shape: [...shape], file, ...(every > 1 && { every }) };
  }
  return stored;
}

/** Values of an output that a golden case keeps, at most: every device fetches them. golden.py has the same number. */
const MAX_STORED_VALUES = 8192;

/** Which of a large output's values are kept, so that all rows and columns have some: a step that shares no divisor with it. */
function everyOf(count: number): number {
  let every = Math.max(1, Math.ceil(count / MAX_STORED_VALUES));
  while (every > 1 && divisorOf(every, count) > 1) every += 1;
  return every;
}

/** The greatest common one. */
function divisorOf(a: number, b: number): number {
  return b === 0 ? a : divisorOf(b, a % b);
}

const LONGEST_NAME = 150;

/** Some file systems tell no capitals apart. */
function asOneFile(name: string): string {
  return name.toLowerCase();
}

function freeFile(tensor: string, taken: Set<string>): string {
  let file = fileOf(tensor);
  for (let i = 2; taken.has(file); i += 1) file = fileOf(`${tensor}.${i}`);
  taken.add(file);
  return file;
}

/** Gives every tensor a file of its own, also where a file system tells no capitals apart. golden.py does the same. */
function fileOf(tensor: string): string {
  const safe = tensor
    .toLowerCase()
    .replace(/[^a-z0-9._-]/g, '_')
    .slice(0, LONGEST_NAME);
  const ending = safe === tensor ? '' : `-${sha256Hex(tensor).slice(0, 8)}`;
  return `golden/${safe}${ending}.bin`;
}

function writeJson(path: string, value: unknown): Promise<void> {
  const text = `${JSON.stringify(value, null, 2)}\n`;
  return replaceFile(path, (temporary) => writeFile(temporary, text));
}

/** ONNX Runtime says this of a file that is cut off. */
const UNREADABLE = /protobuf parsing failed/i;

function findDamaged({ message, step }: FailedStep, { variants }: ModelSpec) {
  const variant = variants.find(({ name }) => name === step?.variant);
  if (!step || !variant || !UNREADABLE.test(message)) return undefined;
  const [file = ''] = variant.stages?.[step.stage]?.files ?? variant.files;
  return modelInvalid(
    `${file}, variant '${variant.name}': expected an ONNX model, got a file that is damaged or cut off. Write it anew.`,
    { file, variant: variant.name },
  );
}

function goldenMissing({ message, step, code }: FailedStep, golden: Golden): PublisherError {
  const tried = golden.cases.find(({ name }) => name === step?.case);
  const at = step ? `variant ${step.variant}${tried ? `, case '${tried.name}'` : ''}` : 'the start';
  const inputs = tried ? ` Tried: ${describeInputs(tried.inputs)}. ${ADVICE}` : '';
  const advice = code === 'operator-unsupported' ? ` ${OTHER_RUNTIME}` : inputs;
  return new PublisherError(
    'golden-missing',
    `Golden outputs, ${at}: expected answers, got: ${message.replace(/\.$/, '')}.${advice}`,
    { details: { ...step, got: message, tried: tried?.inputs } },
  );
}

const OTHER_RUNTIME = 'Where Python can compute the model, give `--reference python`.';
