import { utcDay } from './time.js';

/** A store keeps its rows this long. */
export const RETENTION = Object.freeze({
  /** Ids are kept so long from the day of their window. A report that is older than 15 days is refused. */
  seenDays: 16,
  /** Ids are kept so long from their arrival too. A device keeps a report for as long, and its clock may be set anew. */
  resendDays: 14,
  cellDays: 35,
  hourDays: 400,
  /** Hours by cohort are kept so long, and then their days. */
  cohortDays: 35,
  cohortDayDays: 400,
  /** The last row of each version is kept longer. */
  releaseDays: 400,
  /** The last entry of each subject is kept longer. */
  findingDays: 400,
  /** So many of each model, so that none pushes out those of another. */
  tracesOfModel: 1000,
  traceDays: 7,
});

/** Returns the last UTC day on which a store still knows the id of a report. It may know it for longer. */
export function idKeptUntil({
  bucketMs,
  arrivedMs,
}: {
  readonly bucketMs: number;
  readonly arrivedMs: number;
}): number {
  return Math.max(utcDay(bucketMs) + RETENTION.seenDays, utcDay(arrivedMs) + RETENTION.resendDays);
}
