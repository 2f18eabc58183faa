import { type Contender, isSameContender } from '../../../shared/contenders.js';
import type { BackendChoice } from '../../choice/backend-choice.js';
import type { OpenPlan } from '../../options/plan-opening.js';
import { isFasterBy } from './time-beside.js';

/** What is known of the backends on this device. */
type Known = Pick<BackendChoice, 'record' | 'passing'>;

/** What runs took longer, since the last start, than they would have on the fastest backend that is known. */
export interface LossOfRuns {
  /** Whether it is what a start costs; after each start in vain, twice as much as before. */
  readonly isWorthStart: boolean;
  /** @param runMs one input's share */
  add(serving: Contender, runMs: number): void;
  /** After a start. */
  startOver(how: { readonly wasInVain: boolean }): void;
}

/** What starting another backend beside the one that serves costs a device, about, ms. */
export const START_COST_MS = 1_000;

export function createLossOfRuns(
  choice: Known,
  { contenders }: Pick<OpenPlan, 'contenders'>,
): LossOfRuns {
  let lostMs = 0;
  let worthMs = START_COST_MS;
  /** The share that a run loses, worked out anew when something else is known: runs are many. */
  let last: (Known & { readonly serving: Contender; readonly share: number }) | undefined;
  return {
    get isWorthStart() {
      return lostMs >= worthMs;
    },
    add(serving, runMs) {
      const { record, passing } = choice;
      const isNew = last?.record !== record || last.passing !== passing;
      if (isNew || !isSameContender(last?.serving, serving)) {
        last = { record, passing, serving, share: shareLost(serving, choice, contenders) };
      }
      lostMs += (last?.share ?? 0) * runMs;
    },
    startOver({ wasInVain }) {
      lostMs = 0;
      if (wasInVain) worthMs *= 2;
    },
  };
}

/** Whether a contender was timed here as clearly faster than the one that serves. */
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
 * By which share of its time a run is longer than it would be on the fastest backend that was timed and may serve, 0 … 1:
 * inputs differ in size, so it is the share of the runs timed that counts.
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
    (one) =>
      contenders.includes(one.backend) && !failed.some((other) => isSameContender(other, one)),
  );
  const fastestMs = Math.min(...able.map(({ p50Ms = servingMs }) => p50Ms));
  return isFasterBy(servingMs, fastestMs) ? 1 - fastestMs / servingMs : 0;
}

function timeOf({ measured }: Known['record'], contender: Contender): number | undefined {
  return measured.find((one) => isSameContender(one, contender))?.p50Ms;
}
