import { NearsideError } from '@nearside/core';
import type { Call } from './step.js';

/**
 * @param count that there have to be; whatever there are by default
 * @throws NearsideError `backend-failed` for another number of them, or one that is not a number
 */
export function requireNumbers(scores: Float64Array, count = scores.length): void {
  if (scores.length !== count) {
    throw new NearsideError(
      'backend-failed',
      `Expected ${count} scores of the model, as its spec has labels or units, got ${scores.length}.`,
      { details: { expected: count, got: scores.length } },
    );
  }
  const index = scores.findIndex(Number.isNaN);
  if (index === -1) return;
  throw new NearsideError(
    'backend-failed',
    `The model's score for class ${index} is not a number. The same input may work on another backend.`,
    { details: { index } },
  );
}

/** Notes what drift statistics keep of a classification. */
export function observeScores(
  scores: Float64Array,
  answer: { readonly label: string } | undefined,
  { observe }: Pick<Call, 'observe'>,
): void {
  if (!answer) return;
  observe(
    'confidence',
    scores.reduce((most, score) => Math.max(most, score), 0),
  );
  observe('class', answer.label);
}
