/** The report version this library writes and the newest one this collector reads. */
export const REPORT_VERSION = 1;

/** A report is about 1 KB. The sender and the collector refuse a larger one. */
export const MAX_REPORT_BYTES = 8 * 1024;

/** Cohorts are drawn at random per install; 64 make variance between them measurable. */
export const COHORTS = 64;

export const BACKENDS = ['onnx-wasm', 'onnx-webgpu', 'tfjs-wasm', 'tfjs-webgpu'] as const;
export type BackendName = (typeof BACKENDS)[number];

export const DEVICE_CLASSES = [
  'phone',
  'tablet',
  'desktop-small',
  'desktop-large',
  'server',
  'other',
] as const;
export type DeviceClass = (typeof DEVICE_CLASSES)[number];

/** The side of a rollout that an install is on, whatever version serves it in the end. */
export const ARMS = ['stable', 'canary', 'control'] as const;
export type Arm = (typeof ARMS)[number];

/** A report can be a device's first of these. Counting firsts counts devices without naming them. */
export const FIRSTS = ['version-day', 'version-hour', 'arm-day', 'arm-day-failed'] as const;
export type First = (typeof FIRSTS)[number];

/**
 * Codes of quarantines after the browser ended a page, by what of a model was at work then. With such a code the device
 * leaves the backend alone as after a failure.
 */
export const LOST_CODES = [
  'lost-opening',
  'lost-loading',
  'lost-running',
  'lost-warming',
  'lost-tuning',
  'lost-updating',
] as const;

/** Reasons why events of a device are in no report. */
export const LOSS_REASONS = [
  'too-old',
  'too-large',
  'outbox-full',
  'refused',
  'store-failed',
  'recorder-full',
] as const;
export type LossReason = (typeof LOSS_REASONS)[number];

/** A window's distributions count this many observations: an even sample of all. */
export const SAMPLED_OBSERVATIONS = 50;

/**
 * Largest value of an outcome, and largest error of a regression, that is counted. Sums of them stay exact enough.
 */
export const LARGEST_VALUE = 1e11;

/** More events than any device has in a window. */
export const MAX_COUNT = 1e7;

/** More workers than this of one model are a mistake: each holds a runtime and the weights. */
export const MOST_WORKERS = 16;

/** Most days, pairs and items in a report. */
export const REPORT_LIMITS = Object.freeze({
  /** Feedback may come this many days after its run. */
  feedbackDays: 7,
  /** Feedback may be on so many runs of earlier windows: 1,000 of each of 50 visits. */
  rememberedRuns: 50_000,
  /** Pairs of actual and predicted label, for each day of age. */
  confusedPairs: 64,
  outcomes: 4,
  quarantines: 8,
  updates: 4,
  features: 64,
});

/** Size of a request with traces. */
export const TRACE_LIMITS = Object.freeze({
  /** A run has at most five spans, together some 2 KB. */
  runs: 10,
  /** Such a request, bytes. */
  bytes: 32 * 1024,
});

/** Why a run was traced. */
export const TRACE_REASONS = ['sampled', 'failed', 'slow'] as const;
export type TraceReason = (typeof TRACE_REASONS)[number];

/** The stages of a run, in their order. */
export const STAGE_SPANS = ['queue', 'preprocess', 'model', 'postprocess'] as const;
