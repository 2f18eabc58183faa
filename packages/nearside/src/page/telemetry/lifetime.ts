import type { ErrorCode } from '@nearside/core';
import type { ModelStats, ReportTotals } from '../../shared/api/model.js';

/** What a model has done since it was opened, over all its versions: for `stats()`. */
export interface Lifetime {
  ok: number;
  readonly errors: Map<ErrorCode, number>;
  aborted: number;
  invalid: number;
  fallbacks: number;
  /** Missing until counting has begun, after the first result. */
  counted?: (() => CountedStats) | undefined;
}

export type CountedStats = Pick<ModelStats, 'latencyMs' | 'drift'>;

export const UNCOUNTED: CountedStats = {
  latencyMs: { p50: undefined, p95: undefined, p99: undefined },
  drift: undefined,
};

export function createLifetime(): Lifetime {
  return { ok: 0, errors: new Map(), aborted: 0, invalid: 0, fallbacks: 0 };
}

export function createReportTotals(): ReportTotals {
  return { sealed: 0, sealedRuns: 0, sent: 0, dropped: 0, problem: undefined };
}

const INVALID_INPUT: readonly ErrorCode[] = [
  'input-invalid',
  'input-detached',
  'input-too-large',
  'decode-failed',
];

/** Whether it is the caller's, and no error of ours. */
export function isInvalidInput(code: ErrorCode): boolean {
  return INVALID_INPUT.includes(code);
}

/** Bad input is counted apart from errors. */
export function countFailure(
  counts: { invalid: number; readonly errors: Map<ErrorCode, number> },
  code: ErrorCode,
): void {
  if (isInvalidInput(code)) counts.invalid += 1;
  else counts.errors.set(code, (counts.errors.get(code) ?? 0) + 1);
}
