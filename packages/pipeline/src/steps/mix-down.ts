import * as v from 'valibot';
import { mixDown } from '../audio/mix-down.js';
import { type CompileOf, defineStep, each } from '../step.js';

/** {@link mixDown}, as a step. */
export const mixDownStep = defineStep({
  name: 'mix-down',
  parameters: v.strictObject({}),
  takes: 'sound',
  gives: 'sound',
  form: (sound) => ({ ...sound, channels: 1 }),
});

export const compileMixDown: CompileOf<typeof mixDownStep> = () => each<'sound', 'sound'>(mixDown);
