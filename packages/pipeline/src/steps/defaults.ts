import * as v from 'valibot';
import { type CompileOf, defineStep, each, Misfit } from '../step.js';
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
});

export const compileDefaults: CompileOf<typeof defaultsStep> = (_, { features }) =>
  each<'input', 'record'>((input, { stale, substitute, observe }) => {
    const record = completeRecord(input, features, { stale, note: substitute });
    for (const [name, value] of record) {
      observe(`feature:${name}`, typeof value === 'boolean' ? String(value) : value);
    }
    return record;
  });
