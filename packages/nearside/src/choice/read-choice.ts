import { choiceKey, peekStore } from '@nearside/artifact';
import type { OpenPlan } from '../opening/plan-opening.js';
import { type BackendChoice, createBackendChoice } from './backend-choice.js';
import { EMPTY_RECORD, parseChoice } from './choice-record.js';

/**
 * Reads what this device remembers. A forced backend, or a single one, needs no memory; a store other than
 * `auto` has none of it.
 */
export async function readBackendChoice(plan: OpenPlan): Promise<BackendChoice> {
  if (plan.contenders.length < 2 || plan.store !== 'auto') {
    return createBackendChoice(plan, EMPTY_RECORD);
  }
  const key = choiceKey(plan.pin, plan.address.model);
  return createBackendChoice(plan, parseChoice(await peekStore('nearside-models', key)));
}
