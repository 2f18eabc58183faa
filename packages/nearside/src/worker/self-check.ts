import {
  callerInputs,
  constantInputs,
  elementCount,
  type Golden,
  type GoldenCase,
  initialState,
  type NumericDatatype,
  numbersOf,
  type SeededTensor,
  type Stage,
  type StoredTensor,
  seededTensor,
  type Tensor,
  type Tensors,
  type Tolerance,
  trivialAnswer,
  usualTolerance,
  type Variant,
} from '@nearside/core';
import { messageOf } from '../shared/failures.js';
import type { BackendSession } from './backends/backend.js';
import { findMismatch } from './golden-check.js';

/** Tensors of a first run that take more in all are not kept. */
const MOST_KEPT_BYTES = 16 * 2 ** 20;

const SEED = 1;

/** The length of free axes before there was a run, behind the first one, of which there is one item. */
const LENGTH = 32;

/** Tensors that callers gave a model in its first run; undefined where they took too much memory. */
export interface FirstRun {
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  readonly inputs: Tensors | undefined;
}

/** A model, and its first run since it was loaded. */
export interface WatchedSession extends BackendSession {
  /** From then on nothing is kept. @returns undefined where there was none, or nothing of it is kept */
  takeFirstRun(): FirstRun | undefined;
}

/** Keeps what a model's first run is given. That is no copy, since nobody else needs it then. */
export function watchFirstRun(session: BackendSession, stage: Stage): WatchedSession {
  let firstRun: FirstRun | undefined;
  let isOver = false;
  return {
    ...session,
    takeFirstRun() {
      const taken = firstRun;
      firstRun = undefined;
      isOver = true;
      return taken;
    },
    async run(inputs) {
      const outputs = await session.run(inputs);
      if (!isOver) firstRun ??= keep(inputs, stage);
      return outputs;
    },
  };
}

function keep(given: Tensors, stage: Stage): FirstRun {
  const entries = callerInputs(stage).map(({ name }) => [name, given[name] as Tensor] as const);
  const shapes = entries.map(([name, { shape }]) => [name, shape] as const);
  const isLarge = entries.reduce((sum, [, { data }]) => sum + bytesOf(data), 0) > MOST_KEPT_BYTES;
  return {
    shapes: Object.fromEntries(shapes),
    inputs: isLarge ? undefined : Object.fromEntries(entries),
  };
}

/** Texts are no case, and take no bytes here. */
function bytesOf(data: Tensor['data']): number {
  return ArrayBuffer.isView(data) ? data.byteLength : 0;
}

/** A model that answers. Its stage has all of its tensors. */
export interface AnsweringModel {
  readonly stage: Stage;
  readonly session: BackendSession;
  readonly firstRun: FirstRun | undefined;
}

export interface AnswerOptions {
  readonly variant: Variant;
  /** The runtime that answers: see `isServedWith`. */
  readonly reference: string;
  /** Each run has a turn of its own, so that no caller waits for more than one. */
  readonly inTurn: <Result>(run: () => Promise<Result>) => Promise<Result>;
}

/** Golden cases of a CPU's answers. */
export interface Answered {
  /** Undefined where some model has no case that can tell right numbers from wrong ones. */
  readonly golden: Golden | undefined;
  /** The files that it names. */
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
  /** Why cases were left out. */
  readonly objections: readonly string[];
}

/**
 * Has models answer cases for another backend to reproduce: seeded numbers in the shapes of the first run, and the numbers
 * of that run, which show what random ones miss. A case is left out that cannot tell right numbers from wrong ones: its
 * answers are not the same twice or not finite, or zero or one number everywhere would pass.
 */
export async function answerCases(
  models: readonly AnsweringModel[],
  options: AnswerOptions,
): Promise<Answered> {
  const { variant, reference } = options;
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  const objections: string[] = [];
  const cases: GoldenCase[] = [];
  const outputs: Record<string, Tolerance> = {};
  let canTell = true;

  function store({ datatype, shape, data }: Tensor): StoredTensor {
    const file = `golden/answered-${files.size}.bin`;
    files.set(file, new Uint8Array((data as Float32Array<ArrayBuffer>).slice().buffer));
    return { datatype: datatype as NumericDatatype, shape: [...shape], file };
  }

  for (const model of models) {
    const stage = model.stage.name;
    const { told, bounds } = await answerModel(model, options, objections);
    canTell &&= told.length > 0;
    for (const [output, tolerance] of Object.entries(bounds)) {
      outputs[stage ? `${stage}/${output}` : output] = tolerance;
    }
    for (const { name, inputs, answer } of told) {
      cases.push({
        name,
        ...(stage && { stage }),
        inputs: mapValues(inputs, (tensor) => ('seed' in tensor ? tensor : store(tensor))),
        expected: { [variant.name]: mapValues(answer, store) },
      });
    }
  }
  const tolerance = { [variant.name]: { abs: 0, rel: 0, outputs } };
  const golden: Golden = { format: 1, reference, cases, tolerance };
  return { golden: canTell ? golden : undefined, files, objections };
}

/** @returns the cases that can tell, and a tolerance of each output; to `objections` it adds why others were left out */
async function answerModel(
  model: AnsweringModel,
  { variant, inTurn }: AnswerOptions,
  objections: string[],
) {
  const answered: AnsweredCase[] = [];
  for (const drafted of draftCases(model)) {
    const answer = await answerTwice(drafted, model, inTurn).catch(messageOf);
    if (typeof answer === 'object') answered.push({ ...drafted, answer });
    else objections.push(`case '${drafted.name}': ${answer}`);
  }
  const bounds = boundsOf(answered, variant);
  const told = answered.filter((one) => {
    const objection = objectionTo(one, bounds);
    if (objection) objections.push(`case '${one.name}': ${objection}`);
    return !objection;
  });
  return { told, bounds };
}

interface DraftedCase {
  readonly name: string;
  readonly inputs: Readonly<Record<string, SeededTensor | Tensor>>;
}

interface AnsweredCase extends DraftedCase {
  readonly answer: Tensors;
}

function draftCases({ stage, firstRun }: AnsweringModel): DraftedCase[] {
  const seeded = callerInputs(stage).map(({ name, datatype, shape }) => {
    const drawn = firstRun?.shapes[name] ?? pinned(shape);
    return [name, { datatype: datatype as NumericDatatype, shape: [...drawn], seed: SEED }];
  });
  const own = mapValues(firstRun?.inputs ?? {}, copyOf);
  const isWhole = Object.values(own).every(
    ({ shape, data }) => data.length === elementCount(shape),
  );
  return [
    { name: 'seeded', inputs: Object.fromEntries(seeded) },
    ...(firstRun?.inputs && isWhole ? [{ name: 'first-run', inputs: own }] : []),
  ];
}

function pinned(shape: readonly number[]): number[] {
  return shape.map((axis, i) => (axis !== -1 ? axis : i === 0 ? 1 : LENGTH));
}

/** A step may write its next input where it wrote this one, or have given it away. */
function copyOf(tensor: Tensor): Tensor {
  return { ...tensor, data: tensor.data.slice() } as Tensor;
}

/** @returns the answer, or why it is of no use */
async function answerTwice(
  { inputs }: DraftedCase,
  { stage, session }: AnsweringModel,
  inTurn: AnswerOptions['inTurn'],
): Promise<Tensors | string> {
  for (const name of Object.keys(inputs)) {
    if ((inputs[name]?.datatype as string) === 'BYTES') return `'${name}' is text`;
  }
  const given = {
    ...initialState(stage),
    ...constantInputs(stage),
    ...mapValues(inputs, (tensor) => ('seed' in tensor ? seededTensor(tensor) : tensor)),
  };
  const first = await inTurn(() => session.run(given));
  const second = await inTurn(() => session.run(given));
  for (const name of Object.keys(first)) {
    const mismatch = findMismatch(second[name], first[name] as Tensor, { abs: 0, rel: 0 });
    if (mismatch) return `output '${name}', computed twice: ${mismatch}`;
  }
  return first;
}

/** The tolerance of each output, by the largest of all its values. */
function boundsOf(cases: readonly AnsweredCase[], variant: Variant): Record<string, Tolerance> {
  return mapValues(cases[0]?.answer ?? {}, (_, name) => {
    const sizes = cases.map(({ answer }) => sizeOf(numbersOf(answer[name] as Tensor)));
    return usualTolerance(variant, Math.max(...sizes));
  });
}

/** The largest value, without sign. */
function sizeOf(values: Float32Array | Float64Array): number {
  let size = 0;
  for (const value of values) size = Math.max(size, Math.abs(value));
  return size;
}

function objectionTo(
  { answer }: AnsweredCase,
  bounds: Readonly<Record<string, Tolerance>>,
): string | undefined {
  for (const name of Object.keys(answer)) {
    const tensor = answer[name] as Tensor;
    const values = numbersOf(tensor);
    const { datatype } = tensor;
    const isZero = sizeOf(values) === 0;
    const passing = isZero
      ? 'zero'
      : trivialAnswer(bounds[name] as Tolerance, { datatype, values: [values] });
    if (passing) return `${passing} everywhere would pass as output '${name}'`;
  }
  return undefined;
}

function mapValues<From, To>(
  record: Readonly<Record<string, From>>,
  map: (value: From, name: string) => To,
): Record<string, To> {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => [name, map(value, name)]),
  );
}

/** A version without golden cases brings this with it: most workers never need it. */
export const SELF_CHECK = { watchFirstRun, answerCases };

export type SelfCheck = typeof SELF_CHECK;
