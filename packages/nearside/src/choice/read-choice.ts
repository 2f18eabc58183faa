import { choiceKey, parsePointer, peekStore, pinPrefix, pointerKey } from '@nearside/artifact';
import type { OpenPlan } from '../open-options.js';
import { type BackendChoice, createBackendChoice } from './backend-choice.js';
import {
  type ChoiceRecord,
  choiceCircumstances,
  EMPTY_RECORD,
  parseChoice,
} from './choice-record.js';

/** Reads what this device remembers; a forced backend, or a single one, needs no memory. */
export async function readBackendChoice(plan: OpenPlan): Promise<BackendChoice> {
  const isRemembered = plan.candidates.length > 1 && plan.store === 'auto';
  return createBackendChoice(plan, isRemembered ? await readChoice(plan) : EMPTY_RECORD);
}

/** What holds today: in other circumstances only where to start. */
async function readChoice({ pin, address: { model } }: OpenPlan): Promise<ChoiceRecord> {
  const prefix = pinPrefix(pin);
  const keys = [pointerKey(prefix, model), choiceKey(prefix, model)];
  const [pointer, value] = await peekStore('nearside-models', keys);
  const record = parseChoice(value);
  const circumstances = choiceCircumstances(parsePointer(pointer).active);
  return record.circumstances === circumstances ? record : { ...EMPTY_RECORD, start: record.start };
}
