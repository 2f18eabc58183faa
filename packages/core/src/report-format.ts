/** The report version this library writes and the newest one this collector reads. */
export const REPORT_VERSION = 1;

/** A report is about 1 KB; over this it is refused, by the sender and by the collector. */
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

/** Which side of a rollout an install is on, whatever version serves it in the end. */
export const ARMS = ['stable', 'canary', 'control'] as const;
export type Arm = (typeof ARMS)[number];

/** What a report may be the first of: counting these counts devices, where nobody has a name. */
export const FIRSTS = ['version-day', 'version-hour', 'arm-day', 'arm-day-failed'] as const;
export type First = (typeof FIRSTS)[number];

/** Why events of a device are in no report. */
export const LOSS_REASONS = [
  'too-old',
  'too-large',
  'outbox-full',
  'refused',
  'store-failed',
  'recorder-full',
] as const;
export type LossReason = (typeof LOSS_REASONS)[number];

/** Observations of a window that its distributions count: an even sample of all. */
export const SAMPLED_OBSERVATIONS = 50;

/** The largest value of an outcome, and error of a regression, that is counted: sums of them stay exact enough. */
export const LARGEST_VALUE = 1e11;

/** What a report may name or list at most. */
export const REPORT_LIMITS = Object.freeze({
  /** Days by which feedback may come after its run. */
  feedbackDays: 7,
  /** Pairs of actual and predicted label, by day of age. */
  confusedPairs: 64,
  outcomes: 4,
  quarantines: 8,
  updates: 4,
  features: 64,
});

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
