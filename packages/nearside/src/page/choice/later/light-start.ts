import {
  type Contender,
  isGuessable,
  isSameContender,
  RUNTIME_BYTES,
} from '../../../shared/contenders.js';
import type { ChoiceRecord, Measured } from '../choice-record.js';

/**
 * A run on the light runtime may take longer by so much, ms, for the next visit to open with it. It is ready earlier by
 * more than that: on two cores digits answered half a second after `open` on TensorFlow.js, and a whole one on ONNX Runtime.
 */
const HEAD_START_MS = 100;

/**
 * What the next visit opens with, where this one ended with `start`: of the wasm backends that were timed and do not take
 * much longer, the one with the lightest runtime. The fastest takes over there once calls have lost what its start costs.
 */
export function lightStart({ start, measured, quarantined }: ChoiceRecord): Contender | undefined {
  const startMs = measured.find((one) => isSameContender(one, start))?.p50Ms;
  if (startMs === undefined) return start;
  const [lightest] = measured
    .filter(
      (one) =>
        isGuessable(one.backend) &&
        timeOf(one) <= startMs + HEAD_START_MS &&
        !quarantined.some((failed) => isSameContender(failed, one)),
    )
    .sort((a, b) => RUNTIME_BYTES[a.backend] - RUNTIME_BYTES[b.backend] || timeOf(a) - timeOf(b));
  return lightest ? { backend: lightest.backend, variant: lightest.variant } : start;
}

/** Endless where it took too long to be timed. */
function timeOf({ p50Ms = Number.POSITIVE_INFINITY }: Measured): number {
  return p50Ms;
}
