import * as v from 'valibot';
import { ERROR_CODES } from './errors.js';
import { HistogramSchema } from './histogram-schema.js';
import { Sha256HexSchema } from './layout.js';
import { ModelNameSchema, VersionSchema } from './model-spec.js';
import { BACKENDS, COHORTS, DEVICE_CLASSES, REPORT_VERSION } from './report-format.js';

/** More than any device can do in a window: 1e9 would be 3 million a second. */
const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(1e9));
const Bytes = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(1e13));
const Measure = v.pipe(v.number(), v.finite(), v.minValue(0));
const TimeMs = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const Label = v.pipe(v.string(), v.minLength(1), v.maxLength(64));
const Bins = v.pipe(v.array(Count), v.minLength(1), v.maxLength(32));

function recordOf<Key extends v.GenericSchema<string>, Value extends v.GenericSchema>(
  key: Key,
  value: Value,
  maxEntries: number,
) {
  return v.pipe(
    v.record(key, value),
    v.check(
      (entries) => Object.keys(entries).length <= maxEntries,
      `at most ${maxEntries} entries`,
    ),
  );
}

/**
 * Report v1: what one device says of one model version on one backend over one window. Counts
 * and histograms only; no input, no output, nothing that identifies a person. Groups that have
 * nothing to say are left out. Unknown fields are refused: a new field is a new `v`.
 */
export const ReportSchema = v.strictObject({
  v: v.literal(REPORT_VERSION),
  /** 16 random bytes in hex, minted when the window is sealed; a resend keeps it. */
  id: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/, '32 hex digits')),
  /** Cohort, random per install: not an identity, 1/64 of all devices share it. */
  g: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(COHORTS - 1)),
  /** First report of this UTC day for this version: counting these counts devices. */
  first: v.boolean(),
  /** Start of the window, Unix time in ms by the device's clock. */
  t0: TimeMs,
  /** Length of the window in ms. */
  dt: TimeMs,
  /** When this copy was sent, by the same clock. */
  sent: TimeMs,

  dimensions: v.strictObject({
    model: ModelNameSchema,
    version: VersionSchema,
    /** SHA-256 of the signed bundle. */
    manifest: Sha256HexSchema,
    library: VersionSchema,
    variant: ModelNameSchema,
    backend: v.picklist(BACKENDS),
    device: v.picklist(DEVICE_CLASSES),
    arm: v.picklist(['stable', 'canary']),
    /** 1 / sampling rate of device-days. */
    weight: v.pipe(v.number(), v.finite(), v.minValue(1), v.maxValue(1e6)),
  }),

  health: v.strictObject({
    ok: Count,
    /** By code; aborts by the caller and invalid input are counted apart, below. */
    errors: v.optional(v.record(v.picklist(ERROR_CODES), Count)),
    aborted: v.optional(Count),
    invalid: v.optional(Count),
    coldStarts: v.optional(Count),
    cacheHits: v.optional(Count),
    /** open() → ready, ms. */
    load: v.optional(HistogramSchema),
    queueDepth: v.optional(HistogramSchema),
    fallbacks: v.optional(Count),
    quarantines: v.optional(Count),
    bytesFetched: v.optional(Bytes),
  }),

  resource: v.optional(
    v.strictObject({
      heapPeakBytes: v.optional(Bytes),
      /** Σ run time ÷ window, 0 … number of workers. */
      busyShare: v.optional(Measure),
      /** Lag of streams, ms. */
      lag: v.optional(HistogramSchema),
      framesDropped: v.optional(Count),
    }),
  ),

  /** Milliseconds: call → result at scale 3, the stages at scale 2. */
  latency: v.optional(
    v.strictObject({
      total: HistogramSchema,
      queue: v.optional(HistogramSchema),
      pre: v.optional(HistogramSchema),
      run: v.optional(HistogramSchema),
      post: v.optional(HistogramSchema),
    }),
  ),

  /** [missing, stale, invalid] per feature. */
  inputs: v.optional(recordOf(Label, v.strictTuple([Count, Count, Count]), 64)),

  drift: v.optional(
    v.strictObject({
      /** First 16 hex digits of the SHA-256 of the baseline, whose bin edges these are. */
      edges: v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/, '16 hex digits')),
      confidence: v.optional(Bins),
      entropy: v.optional(Bins),
      classes: v.optional(recordOf(Label, Count, 32)),
      otherClasses: v.optional(Count),
      features: v.optional(recordOf(Label, Bins, 8)),
    }),
  ),

  feedback: v.optional(
    v.strictObject({
      /** [n, correct] per confidence bin. */
      bins: v.pipe(v.array(v.strictTuple([Count, Count])), v.maxLength(32)),
      /** Rows actual, columns predicted, over these labels. */
      confusion: v.optional(
        v.strictObject({
          labels: v.pipe(v.array(Label), v.maxLength(8)),
          counts: v.pipe(v.array(v.pipe(v.array(Count), v.maxLength(8))), v.maxLength(8)),
        }),
      ),
      unmatched: v.optional(Count),
    }),
  ),

  shadow: v.optional(
    v.strictObject({
      candidate: VersionSchema,
      n: Count,
      agreements: Count,
      /** Candidate minus active, ms: sum and sum of squares. */
      latencyDifference: v.strictTuple([v.pipe(v.number(), v.finite()), Measure]),
      errorDifference: v.pipe(v.number(), v.safeInteger()),
    }),
  ),

  /** Named by the app: n, sum, sum of squares. */
  outcome: v.optional(
    recordOf(Label, v.strictTuple([Count, v.pipe(v.number(), v.finite()), Measure]), 4),
  ),

  /** Events this device could not report, by reason. */
  loss: v.optional(v.record(v.picklist(['too-old', 'too-large', 'outbox-full', 'refused']), Count)),
});

export type Report = v.InferOutput<typeof ReportSchema>;
