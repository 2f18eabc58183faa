import * as v from 'valibot';
import { requireNumbers } from '../observe-scores.js';
import { defineStep, each } from '../step.js';

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
