import type { ErrorCode, Histogram } from '@nearside/core';
import type { OpeningStats, ReportTotals } from '../api/model.js';
import type { Observation } from '../protocol.js';
import type { RunDurations } from './tally.js';

/** Takes down what happens to a version on a backend. */
export interface Recorder {
  /**
   * @param opening undefined where no backend came to serve
   * @param failures so many backends were tried before and failed
   */
  opened(opening: OpeningStats | undefined, failures: number): void;
  /** A backend failed later, while it was tried beside the one that serves or soon after it took over. */
  quarantined(): void;
  ran(durations: RunDurations, observation: Observation | undefined): void;
  failed(code: ErrorCode): void;
  aborted(): void;
  /** The app's own function answered a run. */
  fellBack(): void;
  /** @param observation of the run it refers to; undefined when that is forgotten */
  feedback(observation: Observation | undefined, label: string): void;
  close(): Promise<void>;
}

/** What a model has done since it was opened, over all its versions: for `stats()`. */
export interface Lifetime {
  ok: number;
  readonly errors: Map<ErrorCode, number>;
  aborted: number;
  invalid: number;
  fallbacks: number;
  /** Of runs of all versions, ms, ±4.33 %; missing until counting has begun, after the first result. */
  latency?: Histogram | undefined;
  /** Its quantiles. */
  latencyMs?: (() => LatencyMs) | undefined;
}

type LatencyMs = Readonly<Record<'p50' | 'p95' | 'p99', number | undefined>>;

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

/** Bad input is the caller's and counted apart from errors of ours. */
export function countFailure(
  counts: { invalid: number; readonly errors: Map<ErrorCode, number> },
  code: ErrorCode,
): void {
  if (INVALID_INPUT.includes(code)) counts.invalid += 1;
  else counts.errors.set(code, (counts.errors.get(code) ?? 0) + 1);
}
