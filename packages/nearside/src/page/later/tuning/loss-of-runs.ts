import { type Contender, findContender, isSameContender } from '../../../shared/contenders.js';
import type { BackendChoice } from '../../choice/backend-choice.js';
import type { OpenPlan } from '../../options/plan-opening.js';
import { isFasterBy } from './time-beside.js';

/** The findings about backends on this device. */
type Known = Pick<BackendChoice, 'record' | 'passing'>;

/** Starting another backend beside the one that serves costs a device about so much, ms. */
export const START_COST_MS = 1_000;

/** The time that runs have lost since the last start: on the fastest backend known they would have been shorter. */
export function createLossOfRuns(choice: Known, { contenders }: Pick<OpenPlan, 'contenders'>) {
  let lostMs = 0;
  let worthMs = START_COST_MS;
  /** The share that a run loses. Runs are many, so it is worked out anew only when something else is known. */
  let last: (Known & { readonly serving: Contender; readonly share: number }) | undefined;
  return {
    /** The loss has reached what a start costs; after each start in vain, twice as much as before. */
    get isWorthStart() {
      return lostMs >= worthMs;
    },
    /** @param runMs one input's share */
    add(serving: Contender, runMs: number): void {
      const { record, passing } = choice;
      const isNew = last?.record !== record || last.passing !== passing;
      if (isNew || !isSameContender(last?.serving, serving)) {
        last = { record, passing, serving, share: shareLost(serving, choice, contenders) };
      }
      lostMs += (last?.share ?? 0) * runMs;
    },
    /** To be called after a start. */
    startOver({ wasInVain }: { readonly wasInVain: boolean }): void {
      lostMs = 0;
      if (wasInVain) worthMs *= 2;
    },
  };
}

/** A contender was timed here as clearly faster than the one that serves. */
export function isKnownFaster(
  { record }: Pick<Known, 'record'>,
  contender: Contender,
  serving: Contender,
): boolean {
  const servingMs = timeOf(record, serving);
  const contenderMs = timeOf(record, contender);
  return servingMs !== undefined && contenderMs !== undefined && isFasterBy(servingMs, contenderMs);
}

/**
 * The share of its time, 0 … 1, by which a run is longer than on the fastest backend that was timed and may serve.
 * Inputs differ in size, so the share in the timed runs counts.
 */
export function shareLost(
  serving: Contender,
  { record, passing }: Known,
  contenders: OpenPlan['contenders'],
): number {
  const servingMs = timeOf(record, serving);
  if (!servingMs) return 0;
  const failed = [...record.quarantined, ...passing];
  const able = record.measured.filter(
    (one) => contenders.includes(one.backend) && !findContender(failed, one),
  );
  const fastestMs = Math.min(...able.map(({ p50Ms = servingMs }) => p50Ms));
  return isFasterBy(servingMs, fastestMs) ? 1 - fastestMs / servingMs : 0;
}

function timeOf({ measured }: Known['record'], contender: Contender): number | undefined {
  return findContender(measured, contender)?.p50Ms;
}
