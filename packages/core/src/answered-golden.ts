import { trivialAnswer } from './check-tolerance.js';
import type { Golden, GoldenCase, SeededTensor, Tolerance } from './golden.js';
import type { Variant } from './model-spec.js';
import { elementCount, type Tensor, type Tensors } from './tensor.js';
import { numbersOf } from './tensor-numbers.js';
import { usualTolerance } from './usual-tolerance.js';

/** A case, and what one runtime answered to it, twice. */
export interface AnsweredCase {
  readonly name: string;
  readonly inputs: Readonly<Record<string, Tensor | SeededTensor>>;
  readonly answers: readonly [Tensors, Tensors];
}

/** The cases of a stage; its name is empty for the only model of a spec. */
export interface AnsweredStage {
  readonly name: string;
  readonly cases: readonly AnsweredCase[];
}

export interface AnsweredGolden {
  /** Undefined where some stage has no case that can tell. */
  readonly golden: Golden | undefined;
  /** The files that it names. */
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
  /** Why cases were left out. */
  readonly objections: readonly string[];
}

/**
 * Makes golden cases of what a runtime answered, for another one to reproduce. A case is left out that cannot tell right
 * numbers from wrong ones: its answers are not the same twice or not finite, or zero or one number everywhere would
 * pass.
 */
export function answeredGolden(
  stages: readonly AnsweredStage[],
  { variant, reference }: { readonly variant: Variant; readonly reference: string },
): AnsweredGolden {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  const cases: GoldenCase[] = [];
  const outputs: Record<string, Tolerance> = {};
  const objections: string[] = [];

  /** @returns the cases without an objection */
  function sift(
    answered: readonly AnsweredCase[],
    object: (one: AnsweredCase) => string | undefined,
  ) {
    return answered.filter((one) => {
      const objection = object(one);
      if (objection) objections.push(`case '${one.name}': ${objection}`);
      return objection === undefined;
    });
  }

  function store<Given extends Tensor | SeededTensor>(tensors: Readonly<Record<string, Given>>) {
    const entries = Object.entries(tensors).map(([name, tensor]) => {
      if ('seed' in tensor) return [name, tensor];
      const { datatype, shape, data } = tensor;
      const file = `golden/answered-${files.size}.bin`;
      files.set(file, new Uint8Array((data as Float32Array<ArrayBuffer>).slice().buffer));
      return [name, { datatype, shape: [...shape], file }];
    });
    return Object.fromEntries(entries);
  }

  for (const stage of stages) {
    const sound = sift(stage.cases, objectionToAnswers);
    const bounds = boundsOf(sound, variant);
    const telling = sift(sound, (one) => objectionToTolerance(one, bounds));
    if (telling.length === 0) return { golden: undefined, files: new Map(), objections };
    for (const [output, tolerance] of Object.entries(bounds)) {
      outputs[stage.name === '' ? output : `${stage.name}/${output}`] = tolerance;
    }
    for (const { name, inputs, answers } of telling) {
      const ofStage = stage.name === '' ? {} : { stage: stage.name };
      const expected = { [variant.name]: store(answers[0]) };
      cases.push({ name, ...ofStage, inputs: store(inputs), expected });
    }
  }
  const tolerance = { [variant.name]: { abs: 0, rel: 0, outputs } };
  return { golden: { format: 1, reference, cases, tolerance }, files, objections };
}

function objectionToAnswers({
  inputs,
  answers: [first, second],
}: AnsweredCase): string | undefined {
  for (const [name, { datatype, shape }] of Object.entries({ ...inputs, ...first })) {
    if ((datatype as string) === 'BYTES') return `'${name}' is text`;
    if (elementCount(shape) === 0) return `'${name}' is empty`;
  }
  for (const [name, tensor] of Object.entries(first)) {
    if (!isSame(tensor, second[name])) return `output '${name}' is another each time`;
    if (!numbersOf(tensor).every(Number.isFinite)) return `output '${name}' is not finite`;
  }
  return undefined;
}

function isSame(a: Tensor, b: Tensor | undefined): boolean {
  if (a.shape.join() !== b?.shape.join()) return false;
  const values = b.data as ArrayLike<unknown>;
  return (a.data as unknown[]).every((value, i) => Object.is(value, values[i]));
}

/** The tolerance of each output, by the largest of all its values. */
function boundsOf(cases: readonly AnsweredCase[], variant: Variant): Record<string, Tolerance> {
  const bounds: Record<string, Tolerance> = {};
  for (const name of Object.keys(cases[0]?.answers[0] ?? {})) {
    const tensors = cases.flatMap(({ answers: [first] }) => first[name] ?? []);
    const largest = tensors.reduce((most, tensor) => Math.max(most, sizeOf(tensor)), 0);
    bounds[name] = usualTolerance(variant, largest);
  }
  return bounds;
}

/** The largest value, without sign. */
function sizeOf(tensor: Tensor): number {
  let size = 0;
  for (const value of numbersOf(tensor)) size = Math.max(size, Math.abs(value));
  return size;
}

function objectionToTolerance(
  { answers: [first] }: AnsweredCase,
  bounds: Readonly<Record<string, Tolerance>>,
): string | undefined {
  for (const [name, tensor] of Object.entries(first)) {
    const { datatype } = tensor;
    const values = [numbersOf(tensor)];
    const trivial = trivialAnswer(bounds[name] as Tolerance, { datatype, values });
    const passing = sizeOf(tensor) === 0 ? 'zero' : trivial;
    if (passing) return `${passing} everywhere would pass as output '${name}'`;
  }
  return undefined;
}
