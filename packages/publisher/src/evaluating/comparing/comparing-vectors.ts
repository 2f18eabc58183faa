import { describe, sum } from '@nearside/core';
import { itemInvalid } from '../item-error.js';
import type { Comparing } from './comparing.js';
import { requireAsMany, requireNumbers } from './comparing-numbers.js';

type Vector = readonly number[];

/**
 * Embeddings are compared by their direction, as a search does: an error is 1 − cosine. What knows nothing of its input
 * answers the mean of all vectors, so an item is lost where the error grew by more than `maxLoss` of what the mean has in
 * half of the items.
 */
export const comparingVectors: Comparing<Vector, Vector> = {
  answerOf: (output) => Array.from(output as Float32Array),
  parseExpected(value, item) {
    if (Array.isArray(value) && value.length > 0 && value.every(Number.isFinite)) return value;
    throw itemInvalid(item, 'a vector: numbers in a list', describe(value));
  },
  requireComparable(answer, expected, item) {
    requireNumbers(answer, item);
    requireAsMany({ answer, expected, of: 'numbers' }, item);
  },
  asExpected: (answer, given) => given ?? answer,
  errorsOf: (answer, expected) => [errorOf(answer, expected)],
  largestError: 2,
  scalesOf: (expected) => [scaleOf(expected)],
  areDifferent: (expected) => errorsOfMean(expected).some((error) => error > ROUNDING),
  isRight: (answer, expected, [scale = 1]) => errorOf(answer, expected) < scale,
  measure(answered) {
    const errors = answered.map(({ answer, expected }) => errorOf(answer, expected));
    return { items: answered.length, meanAbsoluteErrors: [sum(errors) / errors.length] };
  },
};

/** Float32 rounds each number by up to 6e-8 of it. */
const ROUNDING = 1e-6;

/** From 0 to 2; as far as can be from the expected where lengths differ or a number is missing. */
function errorOf(answer: Vector, expected: Vector): number {
  const cosine =
    productOf(answer, expected) /
    Math.sqrt(productOf(answer, answer) * productOf(expected, expected));
  return answer.length === expected.length && Number.isFinite(cosine) ? Math.max(0, 1 - cosine) : 2;
}

function productOf(a: Vector, b: Vector): number {
  return sum(a.map((value, i) => value * (b[i] ?? 0)));
}

function errorsOfMean(expected: readonly Vector[]): number[] {
  const lengths = expected.map((vector) => Math.sqrt(productOf(vector, vector)) || 1);
  const [first = []] = expected;
  const mean = first.map((_, i) =>
    sum(expected.map((vector, of) => (vector[i] ?? 0) / (lengths[of] ?? 1))),
  );
  return expected.map((vector) => errorOf(mean, vector));
}

function scaleOf(expected: readonly Vector[]): number {
  const sorted = errorsOfMean(expected).sort((a, b) => a - b);
  const median = sorted[(sorted.length - 1) >> 1] ?? 0;
  return median > ROUNDING ? median : 1;
}
