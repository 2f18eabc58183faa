import { createHistogram, quantile, record, type TraceReason, total } from '@nearside/core';
import type { EndedRun } from '../../../shared/ended-run.js';
import { isInvalidInput } from '../lifetime.js';

/** What one open model traces at most. */
const LIMITS = Object.freeze({
  sampled: 20,
  /** Failing and slow runs together. */
  notable: 5,
});

/** A run is slow when it takes so many times as long as 95 of 100 before it, and so long at least, ms. */
const SLOW = Object.freeze({ times: 2, ms: 50, after: 50 });

/** Says which runs of an open model are traced, and why. */
export interface TraceChoice {
  /** Told of every run. @returns undefined where it leaves no trace */
  reasonFor(run: EndedRun): TraceReason | undefined;
}

/** @param rate the share of runs that are traced whatever becomes of them, 0 … 1 */
export function chooseTraces(rate: number, random: () => number = Math.random): TraceChoice {
  const durations = createHistogram(3);
  let sampled = 0;
  let notable = 0;

  function isSlow(totalMs: number): boolean {
    // most runs are fast: no quantile is looked up for them
    if (totalMs < SLOW.ms || total(durations) < SLOW.after) return false;
    return totalMs > SLOW.times * (quantile(durations, 0.95) ?? 0);
  }

  function isNotable({ outcome, totalMs }: EndedRun): 'failed' | 'slow' | undefined {
    if (outcome.kind === 'failed') return 'failed';
    return isSlow(totalMs) ? 'slow' : undefined;
  }

  return {
    reasonFor(run) {
      const { outcome, series, totalMs } = run;
      const isOurs =
        outcome.kind === 'ok' || (outcome.kind === 'failed' && !isInvalidInput(outcome.code));
      if (series || !isOurs) return undefined;
      const reason = isNotable(run);
      if (outcome.kind === 'ok') record(durations, Math.max(0, totalMs));
      if (reason && notable < LIMITS.notable) {
        notable += 1;
        return reason;
      }
      if (sampled >= LIMITS.sampled || random() >= rate) return undefined;
      sampled += 1;
      return 'sampled';
    },
  };
}
