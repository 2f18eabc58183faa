import { choiceKey } from '@nearside/artifact';
import { openStore } from '#platform';
import { LAST_STORING_MS, settlesWithin } from '../../../shared/timers.js';
import type { OpenPlan } from '../../options/plan-opening.js';
import type { BackendChoice } from '../backend-choice.js';
import type { ChoiceRecord } from '../choice-record.js';
import { lightStart } from './light-start.js';
import { forgetBroken } from './parse-choice.js';

/** Writes, one after another; nobody waits for them, or suffers from one that fails. */
export interface ChoiceMemory {
  /** Until everything is written that has been found out, or the store keeps it waiting. */
  saved(): Promise<void>;
}

/**
 * Has the next `open` know what this one has found out and will find out. A forced choice, or one of
 * one, leaves no trace.
 */
export function rememberChoice(
  choice: BackendChoice,
  plan: OpenPlan,
  write: (record: ChoiceRecord) => Promise<void> = (record) => writeChoice(plan, record),
): ChoiceMemory {
  forgetBroken(choice);
  let saved: Promise<void> = Promise.resolve();
  let isDue = false;
  /** One that waits for the one before it writes all that is known when its turn comes. */
  const save = () => {
    if (isDue) return;
    isDue = true;
    saved = saved
      .then(() => {
        isDue = false;
        const { record } = choice;
        // Who has `open` wait for the fastest, or tunes nothing, opens with what serves.
        const isLight = plan.tune.when === 'idle';
        return write(isLight ? { ...record, start: lightStart(record) } : record);
      })
      .catch(() => {});
  };
  if (plan.contenders.length > 1) {
    choice.onChange = save;
    if (choice.isChanged) save();
  }
  return {
    async saved() {
      await settlesWithin(LAST_STORING_MS, saved);
    },
  };
}

/** Of two tabs the later one is remembered: losing the other's costs a measurement, no more. */
async function writeChoice(
  { pin, address: { model }, store: where }: OpenPlan,
  record: ChoiceRecord,
): Promise<void> {
  if (where !== 'auto') return;
  const store = openStore('nearside-models', where);
  try {
    await store.commit({ set: new Map([[choiceKey(pin, model), record]]) });
  } finally {
    await store.close();
  }
}
