/** What has been reported since the model was opened. */
export interface ReportTotals {
  /** Sealed and stored. */
  sealed: number;
  /** Successful runs in those. */
  sealedRuns: number;
  /** Accepted by a collector, those of earlier visits included. */
  sent: number;
  dropped: number;
}

export function createReportTotals(): ReportTotals {
  return { sealed: 0, sealedRuns: 0, sent: 0, dropped: 0 };
}
