import * as v from 'valibot';
import { defineStep, each, Misfit } from '../step.js';
import { completeRecord } from '../table/complete-record.js';

/** {@link completeRecord}, as a step. */
export const defaultsStep = defineStep({
  name: 'defaults',
  parameters: v.strictObject({}),
  takes: 'input',
  gives: 'record',
  form(_, __, { features }) {
    if (features.length === 0) throw new Misfit('`features` in model.json', 'none');
    return { features };
  },
  compile: (_, { features }) =>
    each<'input', 'record'>((input, call) => {
      const record = completeRecord(input, features, call);
      for (const [name, value] of record) {
        call.observe(`feature:${name}`, typeof value === 'boolean' ? String(value) : value);
      }
      return record;
    }),
});
