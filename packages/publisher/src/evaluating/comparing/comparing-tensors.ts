import {
  describe,
  type ModelSpec,
  numbersOf,
  stagesOf,
  type Tensor,
  type Tensors,
} from '@nearside/core';
import { itemInvalid } from '../item-error.js';
import { type Comparing, countRight, rightOrWrong } from './comparing.js';
import { comparingNumbers, requireNumbers } from './comparing-numbers.js';

/**
 * Tensors without steps: of two axes the largest number of each row names a class, or is a value where it is alone. Others
 * are numbers.
 */
export function comparingTensors(spec: ModelSpec): Comparing<readonly number[], readonly number[]> {
  const { name = '', shape = [] } = stagesOf(spec).at(-1)?.outputs[0] ?? {};
  const tensorOf = (output: unknown) => (output as { tensors: Tensors }).tensors[name];
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
      if (answer.length === expected.length) return;
      const sizes = [
        `${answer.length} indices, as the model answers`,
        `${expected.length}`,
      ] as const;
      throw itemInvalid(item, ...sizes);
    },
    asExpected: (answer) => answer,
    measure(answered) {
      const { right, of } = countRight(answered, isRight);
      return { items: of, right };
    },
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
