import { describe, sum } from '@nearside/core';
import { itemInvalid } from '../item-error.js';
import type { Comparing } from './comparing.js';

/**
 * Numbers have no right and wrong. An item is lost where the error grew by more than `maxLoss` of the error that the mean
 * of all expected values would make, and gained where it shrank by as much.
 */
export function comparingNumbers(
  answerOf: (output: unknown) => readonly number[],
): Comparing<readonly number[], readonly number[]> {
  const errorOf = (answer: readonly number[], expected: readonly number[]) =>
    answer.length === expected.length
      ? sum(expected.map((value, i) => Math.abs((answer[i] as number) - value))) / expected.length
      : Number.POSITIVE_INFINITY;
  return {
    answerOf,
    parseExpected(value, item) {
      const values: unknown[] = Array.isArray(value)
        ? value.flat(Number.POSITIVE_INFINITY)
        : [value];
      if (values.length > 0 && values.every(Number.isFinite)) return values as number[];
      throw itemInvalid(item, 'a number, or one for each value', describe(value));
    },
    requireComparable(answer, expected, item) {
      requireNumbers(answer, item);
      if (answer.length === expected.length) return;
      const sizes = [
        `${answer.length} numbers, as the model answers`,
        `${expected.length}`,
      ] as const;
      throw itemInvalid(item, ...sizes);
    },
    asExpected: (answer) => answer,
    errorOf,
    largestError: Number.POSITIVE_INFINITY,
    ignoranceOf: spreadOf,
    measure(answered) {
      const axes = answered[0]?.expected.map((_, axis) => axis) ?? [];
      if (axes.length > MOST_ERRORS) {
        const errors = answered.map(({ answer, expected }) => errorOf(answer, expected));
        return { items: answered.length, meanAbsoluteErrors: [sum(errors) / errors.length] };
      }
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

/** An answer of more values has one mean error. */
const MOST_ERRORS = 16;

/** Float32 rounds a value by up to 6e-8 of it, and a model of many layers adds that up. */
const ROUNDING = 1e-6;

/** How far values are from the mean of their axis, on average; 0 where rounding alone tells them apart. */
function spreadOf(all: readonly (readonly number[])[]): number {
  const axes: { total: number; count: number }[] = [];
  for (const values of all) {
    for (const [axis, value] of values.entries()) {
      const { total, count } = axes[axis] ?? { total: 0, count: 0 };
      axes[axis] = { total: total + value, count: count + 1 };
    }
  }
  const means = axes.map(({ total, count }) => total / count);
  let [distance, size, count] = [0, 0, 0];
  for (const values of all) {
    for (const [axis, value] of values.entries()) {
      distance += Math.abs(value - (means[axis] as number));
      size += Math.abs(value);
      count += 1;
    }
  }
  return distance > size * ROUNDING ? distance / count : 0;
}

/** @throws NearsideError `input-invalid`, naming the item, for an answer that is not finite */
export function requireNumbers(answer: readonly number[], item: string): void {
  const wrong = answer.find((value) => !Number.isFinite(value));
  if (wrong === undefined) return;
  throw itemInvalid(item, 'numbers of the variant that others are compared with', `${wrong}`);
}
