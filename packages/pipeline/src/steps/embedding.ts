import * as v from 'valibot';
import { requireNumbers } from '../observe-scores.js';
import { defineStep, each } from '../step.js';

/** Makes a vector as long as 1, so that a dot product of two is their cosine. One of zeros stays as it is. */
export const l2NormalizeStep = defineStep({
  name: 'l2-normalize',
  parameters: v.strictObject({}),
  takes: 'scores',
  gives: 'scores',
  form: (scores) => scores,
  compile: () =>
    each<'scores', 'scores'>((vector) => {
      const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
      return vector.map((value) => value / (length || 1));
    }),
});

/** The vector itself is the result: f32 [width]. */
export const embeddingStep = defineStep({
  name: 'embedding',
  parameters: v.strictObject({}),
  takes: 'scores',
  gives: 'output',
  form: () => ({}),
  compile: () =>
    each<'scores', 'output'>((vector) => {
      requireNumbers(vector);
      return Float32Array.from(vector);
    }),
});
