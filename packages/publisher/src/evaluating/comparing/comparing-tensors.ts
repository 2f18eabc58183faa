import {
  describe,
  type ModelSpec,
  numbersOf,
  stagesOf,
  type Tensor,
  type TensorSpec,
  type Tensors,
} from '@nearside/core';
import { sha256Hex } from '../../files/digests.js';
import { itemInvalid } from '../item-error.js';
import { type Comparing, countRight, rightOrWrong } from './comparing.js';
import { comparingNumbers, requireAsMany, requireNumbers } from './comparing-numbers.js';

/** Answers of all outputs of a model. */
interface Outputs {
  readonly first: readonly number[];
  readonly others: readonly (readonly number[])[];
}

/**
 * Tensors without steps. The first output is held against the right answer, where one is known, and the others against
 * what the original answers.
 */
export function comparingTensors(spec: ModelSpec): Comparing<Outputs, Outputs> {
  const carried = new Set(spec.state?.map(({ output }) => output));
  const outputs =
    stagesOf(spec)
      .at(-1)
      ?.outputs.filter(({ name }) => !carried.has(name)) ?? [];
  const [first, ...others] = outputs.map(comparingOutput) as [OfOutput, ...OfOutput[]];
  const ofOthers = <T>(take: (one: OfOutput, i: number) => T) => others.map(take);
  const firstOf = (all: readonly Outputs[]) => all.map((one) => one.first);
  return {
    answerOf(output) {
      return { first: first.answerOf(output), others: ofOthers((one) => one.answerOf(output)) };
    },
    parseExpected: (value, item) => ({ first: first.parseExpected(value, item), others: [] }),
    requireComparable(answer, expected, item) {
      first.requireComparable?.(answer.first, expected.first, item);
      for (const values of answer.others) requireNumbers(values, item);
    },
    asExpected: (answer, given) => ({ ...answer, ...(given && { first: given.first }) }),
    errorsOf(answer, expected) {
      const errors = ofOthers((one, i) =>
        one.errorsOf(answer.others[i] ?? [], expected.others[i] ?? []),
      );
      return [...first.errorsOf(answer.first, expected.first), ...errors.flat()];
    },
    largestError: Math.max(...[first, ...others].map((one) => one.largestError)),
    scalesOf(expected) {
      const scales = ofOthers((one, i) => one.scalesOf(expected.map((all) => all.others[i] ?? [])));
      return [...first.scalesOf(firstOf(expected)), ...scales.flat()];
    },
    areDifferent: (expected) => first.areDifferent(firstOf(expected)),
    labelOf: (expected) => first.labelOf?.(expected.first),
    isRight: (answer, expected, scales) => first.isRight(answer.first, expected.first, scales),
    measure(answered) {
      return first.measure(
        answered.map(({ answer, expected }) => ({
          answer: answer.first,
          expected: expected.first,
        })),
      );
    },
  };
}

type OfOutput = Comparing<readonly number[], readonly number[]>;

/** The largest number of each row names a class where there are two axes, and is a value where it is alone. Others are numbers. */
function comparingOutput({ name, shape, datatype }: TensorSpec): OfOutput {
  const tensorOf = (output: unknown) => (output as { tensors: Tensors }).tensors[name];
  if (datatype === 'BYTES') return comparingTexts((output) => tensorOf(output)?.data as string[]);
  const valuesOf = (tensor: Tensor | undefined) => (tensor ? [...numbersOf(tensor)] : []);
  const [, most = 0] = shape;
  if (shape.length !== 2 || most === 1)
    return comparingNumbers((output) => valuesOf(tensorOf(output)));
  const isRight = (answer: readonly number[], expected: readonly number[]) =>
    answer.length === expected.length && answer.every((index, i) => index === expected[i]);
  return {
    ...rightOrWrong(isRight),
    answerOf(output) {
      const tensor = tensorOf(output);
      const [rows = 0, classes = 0] = tensor?.shape ?? [];
      const values = valuesOf(tensor);
      return Array.from({ length: rows }, (_, row) =>
        indexOfLargest(values.slice(row * classes, (row + 1) * classes)),
      );
    },
    parseExpected(value, item) {
      const indices = (Array.isArray(value) ? value : [value]).map((one) =>
        typeof one === 'string' && /^\d+$/.test(one) ? Number(one) : one,
      );
      const isIndex = (one: unknown) =>
        Number.isSafeInteger(one) && (one as number) >= 0 && (most < 1 || (one as number) < most);
      if (indices.every(isIndex)) return indices;
      const of = most < 1 ? '' : ` of ${most}`;
      throw itemInvalid(item, `the index of the largest number${of} in '${name}'`, describe(value));
    },
    requireComparable(answer, expected, item) {
      requireNumbers(answer, item);
      requireAsMany({ answer, expected, of: 'indices' }, item);
    },
    asExpected: (answer, given) => given ?? answer,
    labelOf: ([index, ...more]) => (more.length > 0 ? undefined : `${index}`),
    measure(answered) {
      const { right, of } = countRight(answered, isRight);
      return { items: of, right };
    },
  };
}

/** Texts are the same or not: each is a number of its digest. */
function comparingTexts(textsOf: (output: unknown) => readonly string[]): OfOutput {
  const numberOf = (text: string) => Number.parseInt(sha256Hex(text).slice(0, 12), 16);
  const isSame = (answer: readonly number[], expected: readonly number[]) =>
    answer.join() === expected.join();
  return {
    ...comparingNumbers((output) => textsOf(output).map(numberOf)),
    ...rightOrWrong(isSame),
  };
}

/** NaN of a row with a NaN, which is right for nobody. */
function indexOfLargest(row: readonly number[]): number {
  let largest = 0;
  for (const [i, value] of row.entries()) {
    if (Number.isNaN(value)) return Number.NaN;
    if (value > (row[largest] as number)) largest = i;
  }
  return largest;
}
