import { describe, sum } from '@nearside/core';
import { itemInvalid } from '../item-error.js';
import type { Comparing } from './comparing.js';

/**
 * Numbers have no right and wrong. An item is lost where the error grew by more than `maxLoss` of the error that the median
 * of all expected values would make, and gained where it shrank by as much. Each of up to 16 values is measured by its own
 * spread; more of them are one part with one mean error.
 */
export function comparingNumbers(
  answerOf: (output: unknown) => readonly number[],
): Comparing<readonly number[], readonly number[]> {
  const errorsOf = (answer: readonly number[], expected: readonly number[]) => {
    const errors = expected.map((value, i) =>
      answer.length === expected.length
        ? Math.abs((answer[i] as number) - value)
        : Number.POSITIVE_INFINITY,
    );
    return partsOf(errors);
  };
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
      requireAsMany({ answer, expected, of: 'numbers' }, item);
    },
    asExpected: (answer, given) => given ?? answer,
    errorsOf,
    largestError: Number.POSITIVE_INFINITY,
    scalesOf(expected) {
      const sizes = spreadsOf(expected, []);
      return spreadsOf(expected).map((spread, part) => spread || sizes[part] || 1);
    },
    areDifferent: (expected) => spreadsOf(expected).some((spread) => spread > 0),
    isRight(answer, expected, scales) {
      const shares = errorsOf(answer, expected).map((error, part) => error / (scales[part] ?? 1));
      return sum(shares) < shares.length;
    },
    measure(answered) {
      const errors = answered.map(({ answer, expected }) => errorsOf(answer, expected));
      const meanAbsoluteErrors = (errors[0] ?? []).map(
        (_, part) => sum(errors.map((one) => one[part] ?? Number.NaN)) / errors.length,
      );
      return { items: answered.length, meanAbsoluteErrors };
    },
  };
}

/** An answer of more values has one mean error. */
const MOST_ERRORS = 16;

/** Errors of the values of an answer → those of its parts. */
function partsOf(errors: readonly number[]): readonly number[] {
  return errors.length > MOST_ERRORS ? [sum(errors) / errors.length] : errors;
}

/** Float32 rounds a value by up to 6e-8 of it, and a model of many layers adds that up. */
const ROUNDING = 1e-6;

/** Where most items have one value, the spread is that of the others, if they are as many as this leaves. */
const MOST_OF_ONE_VALUE = 0.9;

/**
 * How far each part of half of all items is from the centres, at most; 0 where rounding alone tells them apart. A median, so
 * that few items that are far out change nothing.
 *
 * @param centres by default the medians
 */
function spreadsOf(
  all: readonly (readonly number[])[],
  centres: readonly number[] = mediansOf(all),
): number[] {
  const distances = all.map((values) =>
    partsOf(values.map((value, i) => Math.abs(value - (centres[i] ?? 0)))),
  );
  const sizes = mediansOf(all.map((values) => partsOf(values.map(Math.abs))));
  return columnsOf(distances).map((part, i) => {
    const least = (sizes[i] ?? 0) * ROUNDING;
    const spreads = [0.5, MOST_OF_ONE_VALUE].map((share) => quantileOf(part, share));
    return spreads.find((spread) => spread > least) ?? 0;
  });
}

function mediansOf(all: readonly (readonly number[])[]): number[] {
  return columnsOf(all).map((column) => quantileOf(column, 0.5));
}

function columnsOf(rows: readonly (readonly number[])[]): number[][] {
  const longest = rows.reduce<readonly number[]>((a, b) => (b.length > a.length ? b : a), []);
  return longest.map((_, i) => rows.flatMap((row) => row[i] ?? []));
}

function quantileOf(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  const at = (sorted.length - 1) * share;
  const [below = 0, above = below] = sorted.subarray(Math.floor(at), Math.floor(at) + 2);
  return below + (above - below) * (at % 1);
}

/** @throws NearsideError `input-invalid`, naming the item, for an answer that is not finite */
export function requireNumbers(answer: readonly number[], item: string): void {
  const wrong = answer.find((value) => !Number.isFinite(value));
  if (wrong === undefined) return;
  throw itemInvalid(item, 'numbers of the variant that others are compared with', `${wrong}`);
}

/** @throws NearsideError `input-invalid`, naming the item, where the model answers more or fewer values than are expected */
export function requireAsMany(
  {
    answer,
    expected,
    of,
  }: Readonly<Record<'answer' | 'expected', readonly number[]>> & { of: string },
  item: string,
): void {
  if (answer.length === expected.length) return;
  throw itemInvalid(item, `${answer.length} ${of}, as the model answers`, `${expected.length}`);
}
