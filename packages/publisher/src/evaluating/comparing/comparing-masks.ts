import { describe, type ModelSpec, stagesOf } from '@nearside/core';
import type { Mask } from '@nearside/pipeline';
import { itemInvalid } from '../item-error.js';
import { type Comparing, countRight, rightOrWrong } from './comparing.js';

/** Pixels may differ for so large a part of those that are in either mask. */
const MOST_DIFFERENT = 0.05;
/** Either mask counts as at least this part of the picture: a few pixels of noise are no other answer. */
const LEAST_MASKED = 0.01;

/**
 * Compares masks pixel by pixel: a mask is on where the model is more sure than not, a class is the same or another. A
 * mask is right where nearly all pixels are.
 */
export function comparingMasks(spec: ModelSpec): Comparing<Mask, Mask> {
  const steps = stagesOf(spec).at(-1)?.postprocessing ?? [];
  const isClasses = steps.some(({ step }) => step === 'argmax');
  const isRight = (answer: Mask, expected: Mask) => isNear(answer, expected, isClasses ? 1 : 128);
  return {
    ...rightOrWrong(isRight),
    answerOf: (output) => output as Mask,
    parseExpected(value, item) {
      throw itemInvalid(
        item,
        'none, as masks are held against those of the original',
        describe(value),
      );
    },
    asExpected: (answer) => answer,
    areDifferent: ([first, ...others]) =>
      first !== undefined && others.some((one) => !isRight(one, first)),
    measure(answered) {
      const { right, of } = countRight(answered, isRight);
      return { items: of, right };
    },
  };
}

/** @param least the least value of a pixel that is in the mask; with 1, other values are other classes */
function isNear(answer: Mask, expected: Mask, least: number): boolean {
  const { length } = expected.data;
  if (answer.width !== expected.width || answer.data.length !== length) return false;
  let either = 0;
  let differing = 0;
  for (let i = 0; i < length; i++) {
    const ours = answer.data[i] as number;
    const theirs = expected.data[i] as number;
    if (ours < least && theirs < least) continue;
    either++;
    const isSame = least === 1 ? ours === theirs : ours >= least && theirs >= least;
    if (!isSame) differing++;
  }
  return differing <= MOST_DIFFERENT * Math.max(either, LEAST_MASKED * length);
}
