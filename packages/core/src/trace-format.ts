/** Which runs leave a trace, and how much of it. */
export const TRACE_LIMITS = Object.freeze({
  /** Runs in one request: a run has at most five spans, together some 2 KB. */
  runs: 10,
  /** A request of that, bytes. */
  bytes: 32 * 1024,
});

/** Why a run was traced. */
export const TRACE_REASONS = ['sampled', 'failed', 'slow'] as const;
export type TraceReason = (typeof TRACE_REASONS)[number];

/** What a run is made of, one behind the other. */
export const STAGE_SPANS = ['queue', 'preprocess', 'model', 'postprocess'] as const;
