import { describe, type ModelSpec, numbersOf, stagesOf, sum, type Tensors } from '@nearside/core';
import { itemInvalid } from './item-error.js';
import { countRight, rightOrWrong, type TaskAnswers } from './task-answers.js';

/**
 * Numbers have no right and wrong. An item is lost where the error grew by more than `maxLoss` of the error that the mean
 * of all expected values would make, and gained where it shrank by as much.
 */
export function numberAnswers(
  answerOf: (output: unknown) => readonly number[],
): TaskAnswers<readonly number[], readonly number[]> {
  const errorOf = (answer: readonly number[], expected: readonly number[]) =>
    sum(expected.map((value, i) => Math.abs((answer[i] ?? Number.NaN) - value))) / expected.length;
  return {
    answerOf,
    parseExpected(value, item) {
      const values: unknown[] = Array.isArray(value) ? value : [value];
      if (values.length > 0 && values.every(Number.isFinite)) return values as number[];
      throw itemInvalid(item, 'a number, or one for each value', describe(value));
    },
    asExpected: (answer) => answer,
    errorOf,
    largestError: Number.POSITIVE_INFINITY,
    ignoranceOf(expected) {
      const axes = expected[0]?.map((_, axis) => expected.map((values) => values[axis] ?? 0)) ?? [];
      const spreads = axes.map((values) => {
        const mean = sum(values) / values.length;
        return sum(values.map((value) => Math.abs(value - mean))) / values.length;
      });
      return sum(spreads) / Math.max(1, spreads.length);
    },
    measure(answered) {
      const axes = answered[0]?.expected.map((_, axis) => axis) ?? [];
      const meanAbsoluteErrors = axes.map((axis) => {
        const errors = answered.map(({ answer, expected }) =>
          Math.abs((answer[axis] ?? Number.NaN) - (expected[axis] ?? Number.NaN)),
        );
        return sum(errors) / errors.length;
      });
      return { items: answered.length, meanAbsoluteErrors };
    },
  };
}

/** Tensors without steps: the largest number of each row names a class, and a row of one number is a value. */
export function tensorAnswers(spec: ModelSpec): TaskAnswers<readonly number[], readonly number[]> {
  const { name = '', shape = [] } = stagesOf(spec).at(-1)?.outputs[0] ?? {};
  const rowsOf = (output: unknown) => {
    const { tensors } = output as { tensors: Tensors };
    const tensor = tensors[name];
    const values = tensor ? [...numbersOf(tensor)] : [];
    const classes = tensor?.shape.at(-1) ?? 1;
    return Array.from({ length: Math.ceil(values.length / classes) }, (_, row) =>
      values.slice(row * classes, (row + 1) * classes),
    );
  };
  if (shape.length < 2 || shape.at(-1) === 1)
    return numberAnswers((output) => rowsOf(output).flat());
  const isRight = (answer: readonly number[], expected: readonly number[]) =>
    answer.length === expected.length && answer.every((index, i) => index === expected[i]);
  return {
    ...rightOrWrong(isRight),
    answerOf: (output) => rowsOf(output).map((row) => row.indexOf(Math.max(...row))),
    parseExpected(value, item) {
      const indices = (Array.isArray(value) ? value : [value]).map((one) =>
        typeof one === 'string' && /^\d+$/.test(one) ? Number(one) : one,
      );
      if (indices.every((one) => Number.isSafeInteger(one) && one >= 0)) return indices;
      throw itemInvalid(item, `the index of the largest number of '${name}'`, describe(value));
    },
    asExpected: (answer) => answer,
    measure(answered) {
      const { right, of } = countRight(answered, isRight);
      return { items: of, right };
    },
  };
}
