import { isGuessable, RUNTIME_BYTES } from '../backends/contender-order.js';
import { type Contender, isSameContender } from '../backends/contenders.js';
import type { BackendChoice } from '../choice/backend-choice.js';
import { isFasterBy } from './time-beside.js';

/** What is known of the backends on this device. */
type Known = Pick<BackendChoice, 'record'>;

/**
 * A run on the light runtime may take longer by so much, ms, for the next visit to open with it. It is ready earlier by
 * more than that: on two cores digits answered half a second after `open` on TensorFlow.js, and a whole one on ONNX Runtime.
 */
const HEAD_START_MS = 100;

/** What starting another backend beside the one that serves costs a device, about, ms. */
export const START_COST_MS = 1_000;

/**
 * What the next visit opens with: of the backends that were timed and do not take much longer, the one with the
 * lightest runtime. The fastest takes over there once calls have lost what its start costs.
 */
export function pickLightStart({ record }: Known, fastest: Contender): Contender {
  const fastestMs = timeOf(record, fastest);
  if (fastestMs === undefined) return fastest;
  const light = record.measured.filter(
    (one) =>
      isGuessable(one.backend) &&
      one.p50Ms !== undefined &&
      one.p50Ms <= fastestMs + HEAD_START_MS &&
      !record.quarantined.some((failed) => isSameContender(failed, one)),
  );
  const [lightest = fastest] = [fastest, ...light].sort(
    (a, b) => RUNTIME_BYTES[a.backend] - RUNTIME_BYTES[b.backend],
  );
  return { backend: lightest.backend, variant: lightest.variant };
}

/** Whether a contender was timed here as clearly faster than the one that serves. */
export function isKnownFaster(
  { record }: Known,
  contender: Contender,
  serving: Contender,
): boolean {
  const servingMs = timeOf(record, serving);
  const contenderMs = timeOf(record, contender);
  return servingMs !== undefined && contenderMs !== undefined && isFasterBy(servingMs, contenderMs);
}

/**
 * By how much a run was longer than it would have been on the fastest backend that was timed, ms: inputs differ in
 * size, so it is the share of the first golden case that counts.
 */
export function lossOf(runMs: number, serving: Contender, { record }: Known): number {
  const servingMs = timeOf(record, serving);
  if (!servingMs) return 0;
  const faster = record.measured.flatMap(({ p50Ms }) =>
    p50Ms !== undefined && isFasterBy(servingMs, p50Ms) ? [p50Ms] : [],
  );
  return faster.length > 0 ? runMs * (1 - Math.min(...faster) / servingMs) : 0;
}

function timeOf({ measured }: Known['record'], contender: Contender): number | undefined {
  return measured.find((one) => isSameContender(one, contender))?.p50Ms;
}
