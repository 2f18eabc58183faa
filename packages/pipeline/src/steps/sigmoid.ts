import * as v from 'valibot';
import { defineStep, each } from '../step.js';

/** 1 / (1 + exp(−x)) for each score, in double; large ones on either side do not overflow. */
export function sigmoid(logits: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  return logits.map((x) => {
    const power = Math.exp(-Math.abs(x));
    return x >= 0 ? 1 / (1 + power) : power / (1 + power);
  });
}

/** Logits of one item → a probability for each ({@link sigmoid}). */
export const sigmoidStep = defineStep({
  name: 'sigmoid',
  parameters: v.strictObject({}),
  takes: 'scores',
  gives: 'scores',
  form: (scores) => scores,
  compile: () => each<'scores', 'scores'>(sigmoid),
});
