import { choiceKey, pinPrefix } from '@nearside/artifact';
import { openStore } from '#platform';
import type { OpenPlan } from '../open-options.js';
import type { ChoiceRecord } from './choice-record.js';

/**
 * Has the next `open` know what this one found out. Of two tabs the later one is remembered: losing
 * the other's costs a measurement, no more.
 */
export async function writeChoice(
  { pin, address: { model }, store: choice, candidates }: OpenPlan,
  record: ChoiceRecord,
): Promise<void> {
  if (candidates.length < 2 || choice !== 'auto') return;
  const store = openStore('nearside-models', choice);
  try {
    await store.commit({ set: new Map([[choiceKey(pinPrefix(pin), model), record]]) });
  } finally {
    await store.close();
  }
}
