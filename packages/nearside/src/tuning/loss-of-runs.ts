import { type Contender, isSameContender } from '../backends/contenders.js';
import type { BackendChoice } from '../choice/backend-choice.js';
import type { OpenPlan } from '../options/plan-opening.js';
import { isFasterBy } from './time-beside.js';

/** What is known of the backends on this device. */
type Known = Pick<BackendChoice, 'record' | 'passing'>;

/** What starting another backend beside the one that serves costs a device, about, ms. */
export const START_COST_MS = 1_000;

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
 * By how much a run was longer than it would have been on the fastest backend that was timed and may serve, ms: inputs
 * differ in size, so it is the share of the runs timed that counts.
 */
export function lossOf(
  runMs: number,
  serving: Contender,
  { record, passing, contenders }: Known & Pick<OpenPlan, 'contenders'>,
): number {
  const servingMs = timeOf(record, serving);
  if (!servingMs) return 0;
  const failed = [...record.quarantined, ...passing];
  const faster = record.measured
    .filter(({ backend }) => contenders.includes(backend))
    .filter((one) => !failed.some((other) => isSameContender(other, one)))
    .flatMap(({ p50Ms }) => (p50Ms !== undefined && isFasterBy(servingMs, p50Ms) ? [p50Ms] : []));
  return faster.length > 0 ? runMs * (1 - Math.min(...faster) / servingMs) : 0;
}

function timeOf({ measured }: Known['record'], contender: Contender): number | undefined {
  return measured.find((one) => isSameContender(one, contender))?.p50Ms;
}
