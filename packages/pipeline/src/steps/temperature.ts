import * as v from 'valibot';
import { defineStep, each } from '../step.js';

/** Logits ÷ a temperature, so that probabilities are as sure as the model is right (Guo et al. 2017). */
export const temperatureStep = defineStep({
  name: 'temperature',
  parameters: v.strictObject({ temperature: v.pipe(v.number(), v.gtValue(0)) }),
  takes: 'scores',
  gives: 'scores',
  form: (scores) => scores,
  compile: ({ temperature }) =>
    each<'scores', 'scores'>((logits) => logits.map((logit) => logit / temperature)),
});
