/** A store keeps its rows this long. */
export const RETENTION = Object.freeze({
  /** Ids are kept so long from their arrival. Devices keep reports for 14 days, and older ones than 15 are refused. */
  seenDays: 16,
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
