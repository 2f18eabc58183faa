import { takeDeaths } from '../../choice/later/deaths.js';
import type { OpenPlan } from '../../options/plan-opening.js';
import { reportFailedOpen } from '../../telemetry/later/reporting.js';

/** Reports an `open` that failed, and the deaths that no report has. Never rejects. */
export function reportFailed(plan: OpenPlan, error: unknown): Promise<void> {
  return reportFailedOpen(plan, error, () => takeDeaths(plan));
}
