import * as v from 'valibot';
import { requireNumbers } from '../observe-scores.js';
import { defineStep, each, Misfit } from '../step.js';

/** A regression gives one for each of the model's values. */
export interface RegressionValue {
  readonly value: number;
  readonly unit: string;
}

const ScalingSchema = v.strictObject({ mean: v.number(), scale: v.number() });

/** The model's values with their units; `target` undoes the scaling that it was trained with: value · scale + mean. */
export const regressionStep = defineStep({
  name: 'regression',
  parameters: v.strictObject({
    units: v.pipe(v.array(v.pipe(v.string(), v.maxLength(32))), v.minLength(1), v.maxLength(64)),
    target: v.optional(v.array(ScalingSchema)),
  }),
  takes: 'scores',
  gives: 'output',
  form({ classes }, { units, target }) {
    if (classes !== undefined && units.length !== classes) {
      throw new Misfit(`a unit for each of ${classes} values`, `${units.length}`);
    }
    if (target && target.length !== units.length) {
      throw new Misfit(`a target for each of ${units.length} units`, `${target.length}`);
    }
    return {};
  },
  compile: ({ units, target }) =>
    each<'scores', 'output'>((given, { observe }) => {
      requireNumbers(given, units.length);
      const values = units.map((unit, i): RegressionValue => {
        const { mean, scale } = target?.[i] ?? { mean: 0, scale: 1 };
        return { value: (given[i] as number) * scale + mean, unit };
      });
      observe('value', values[0]?.value ?? 0);
      return values;
    }),
});
