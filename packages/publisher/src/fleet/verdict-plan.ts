import type { FleetCanary } from './fleet-answers.js';

/** How long a version that is no worse waits for its verdict as a canary. */
export interface VerdictPlan {
  /** Hours at this share, or at the next smaller one that the collector plans. Null where it cannot tell, or over a year. */
  readonly hours: number | null;
  /** The smallest share that has a verdict within a day, in percent. Null where none has. */
  readonly percentInADay: number | null;
}

/** @param percent the share of devices that are offered the canary */
export function verdictPlan({ plans }: Pick<FleetCanary, 'plans'>, percent: number): VerdictPlan {
  const inADay = plans.find(({ hours }) => hours !== null && hours <= 24);
  return {
    hours: plans.findLast(({ share }) => share * 100 <= percent)?.hours ?? null,
    percentInADay: inADay ? inADay.share * 100 : null,
  };
}
