import * as v from 'valibot';
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
