import * as v from 'valibot';
import { BINS_LIMIT, DISTRIBUTIONS_LIMIT } from './baseline.js';
import { HistogramSchema } from './histogram.js';
import { Sha256HexSchema } from './layout.js';
import { ModelNameSchema, VersionSchema } from './model-spec.js';
import {
  COHORTS,
  FIRSTS,
  LARGEST_VALUE,
  MAX_COUNT,
  REPORT_LIMITS,
  REPORT_VERSION,
} from './report-format.js';

const DAY_MS = 86_400_000;

const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(MAX_COUNT));
const Positive = v.pipe(Count, v.minValue(1));
const Bytes = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(1e13));
/** The sum of as many values as there may be. */
const MAX_SUM = MAX_COUNT * LARGEST_VALUE;
const Sum = v.pipe(v.number(), v.finite(), v.minValue(-MAX_SUM), v.maxValue(MAX_SUM));
const SumOfSquares = v.pipe(
  v.number(),
  v.finite(),
  v.minValue(0),
  v.maxValue(MAX_SUM * LARGEST_VALUE),
);
const TimeMs = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const Label = v.pipe(v.string(), v.minLength(1), v.maxLength(64));

/**
 * A code of this library or of a newer one: an error, a backend, a device class, a reason. The collector counts an
 * unknown code as `other`. If it refused the report, the device would delete it.
 */
const Name = v.pipe(
  v.string(),
  v.regex(/^[a-z][a-z0-9-]{0,39}$/, 'a name of lower-case letters, digits and hyphens'),
);

function atMost<Key extends v.GenericSchema<string>, Value extends v.GenericSchema>(
  maxEntries: number,
  key: Key,
  value: Value,
) {
  return v.pipe(
    v.record(key, value),
    v.check(
      (entries) => Object.keys(entries).length <= maxEntries,
      `at most ${maxEntries} entries`,
    ),
  );
}

/** How often each code came. */
const ByCode = atMost(64, Name, Positive);

/**
 * A feature, prediction or bin is named by its position in a list of the signed model, because its name may not leave
 * the device.
 */
const Position = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(1023));

/** Counts by bin of one distribution. Empty bins at the end may be left out. */
const Bins = v.pipe(v.array(Count), v.maxLength(BINS_LIMIT));

/**
 * Report v1: what one device says of one model version on one backend over one window. Counts, sums and histograms
 * only: no input, no output, no label, no feature's name, nothing that identifies a person. Empty fields are left
 * out. Unknown fields are refused: a new field is a new `v`. `docs/privacy.md` says why each is there.
 */
export const ReportSchema = v.strictObject({
  v: v.literal(REPORT_VERSION),
  /** 16 random bytes in hex, minted when the window is sealed; a resend keeps it. */
  id: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/, '32 hex digits')),
  /** Cohort, random per install: not an identity, 1/64 of all devices share it. */
  g: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(COHORTS - 1)),
  /** The UTC days and hours that this is the device's first report of. */
  first: v.optional(
    v.pipe(
      v.array(v.picklist(FIRSTS)),
      v.check((list) => new Set(list).size === list.length, 'each once'),
    ),
  ),
  /** Start of the window, Unix time in ms by the device's clock. */
  t0: TimeMs,
  /** Length of the window in ms. */
  dt: v.pipe(TimeMs, v.maxValue(DAY_MS)),
  /** When this copy was sent, by the same clock. */
  sent: TimeMs,

  dimensions: v.strictObject({
    model: ModelNameSchema,
    /**
     * The version that served. `manifest`, `variant` and `backend` come together, or none does before a version is
     * known.
     */
    version: v.optional(VersionSchema),
    /** SHA-256 of the signed bundle. */
    manifest: v.optional(Sha256HexSchema),
    variant: v.optional(ModelNameSchema),
    backend: v.optional(Name),
    library: VersionSchema,
    /** The app's own release, as the app names it. */
    app: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(32))),
    device: Name,
    /** The side of a rollout that this install is on, and the version it should have, whatever serves. */
    arm: v.optional(Name),
    assigned: v.optional(VersionSchema),
    /** First 8 hex digits of the SHA-256 of the rollout's salt. */
    experiment: v.optional(v.pipe(v.string(), v.regex(/^[0-9a-f]{8}$/, '8 hex digits'))),
    /** 1 / sampling rate of device-days. */
    weight: v.pipe(v.number(), v.finite(), v.minValue(1), v.maxValue(10_000)),
  }),

  /** Calls of `run` by the app. */
  health: v.strictObject({
    ok: Count,
    errors: v.optional(ByCode),
    /** Ended by the caller. */
    aborted: v.optional(Positive),
    /** Bad input, by code. It counts as the caller's error, not the model's. */
    invalid: v.optional(ByCode),
    /** Answered by the app's own function. */
    fallbacks: v.optional(Positive),
    /**
     * Those of `ok` that waited for a load, first after an open, a rest or a lost worker; from call to result, ms.
     */
    coldRuns: v.optional(HistogramSchema),
    /** How many calls were before one in its queue. */
    queueDepth: v.optional(HistogramSchema),
    bytesFetched: v.optional(Bytes),
    /** Backends that computed wrong numbers, or failed, and are not used any more. */
    quarantines: v.optional(
      v.pipe(
        v.array(
          v.strictObject({ backend: Name, variant: ModelNameSchema, code: Name, n: Positive }),
        ),
        v.maxLength(REPORT_LIMITS.quarantines),
      ),
    ),
  }),

  /** Calls of `open`, and times until a model was ready, ms. A return from rest is no call. */
  opens: v.optional(
    v.strictObject({
      tried: Count,
      failed: v.optional(ByCode),
      network: v.optional(HistogramSchema),
      store: v.optional(HistogramSchema),
      rest: v.optional(HistogramSchema),
    }),
  ),

  /** Versions that were tried beside the one that serves. */
  updates: v.optional(
    v.pipe(
      v.array(
        v.strictObject({
          version: VersionSchema,
          installed: v.optional(Positive),
          failed: v.optional(ByCode),
          /** Versions that served and were given up. */
          rolledBack: v.optional(ByCode),
        }),
      ),
      v.maxLength(REPORT_LIMITS.updates),
    ),
  ),

  /** Duration of `run`, ms: from call to result at scale 3, its stages at scale 2. */
  latency: v.optional(
    v.strictObject({
      total: HistogramSchema,
      queue: v.optional(HistogramSchema),
      pre: v.optional(HistogramSchema),
      run: v.optional(HistogramSchema),
      post: v.optional(HistogramSchema),
    }),
  ),

  /** Inputs of `score`, in the background; ms each. */
  score: v.optional(
    v.strictObject({
      ok: Count,
      failed: v.optional(ByCode),
      duration: v.optional(HistogramSchema),
    }),
  ),
  /** Frames and pieces of streams; ms from its arrival to its result. */
  stream: v.optional(
    v.strictObject({
      ok: Count,
      failed: v.optional(ByCode),
      dropped: v.optional(Positive),
      duration: v.optional(HistogramSchema),
    }),
  ),

  resource: v.optional(
    v.strictObject({
      heapPeakBytes: v.optional(Bytes),
      /** Σ time in which workers ran the model, ms. */
      busyMs: v.optional(v.pipe(v.number(), v.finite(), v.minValue(0), v.maxValue(1e10))),
    }),
  ),

  /** [position of the feature in the signed list, missing, stale, invalid]. */
  inputs: v.optional(
    v.pipe(
      v.array(v.strictTuple([Position, Count, Count, Count])),
      v.maxLength(REPORT_LIMITS.features),
    ),
  ),

  /** First 16 hex digits of the SHA-256 of the baseline. `drift` and `feedback` are in its order. */
  baseline: v.optional(v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/, '16 hex digits'))),
  drift: v.optional(
    v.strictObject({
      /** Observations of the window, of which an even sample is counted. */
      seen: Count,
      /** One list for each distribution of the baseline; an empty one where nothing was observed. */
      counts: v.pipe(v.array(Bins), v.maxLength(DISTRIBUTIONS_LIMIT)),
    }),
  ),

  /** Feedback that the app gave about runs of this version. */
  feedback: v.optional(
    v.strictObject({
      byAge: v.pipe(
        v.array(
          v.strictObject({
            /** Whole days from the run to its feedback. */
            days: v.pipe(
              v.number(),
              v.integer(),
              v.minValue(0),
              v.maxValue(REPORT_LIMITS.feedbackDays),
            ),
            /** [n, correct] by bin of the distribution `confidence`. */
            bins: v.optional(
              v.pipe(v.array(v.strictTuple([Count, Count])), v.maxLength(BINS_LIMIT)),
            ),
            /**
             * [actual, predicted, n] by position in the distribution `class`; the last position is all other labels.
             */
            confusion: v.optional(
              v.pipe(
                v.array(v.strictTuple([Position, Position, Positive])),
                v.maxLength(REPORT_LIMITS.confusedPairs),
              ),
            ),
            /** Sums over numeric feedback: n, Σ error, Σ |error|, Σ error². */
            values: v.optional(v.strictTuple([Positive, Sum, SumOfSquares, SumOfSquares])),
          }),
        ),
        v.maxLength(REPORT_LIMITS.feedbackDays + 1),
      ),
      /** Feedback about runs that are forgotten. */
      unmatched: v.optional(Positive),
    }),
  ),

  /** Named by the app: n, sum, sum of squares. */
  outcomes: v.optional(
    atMost(REPORT_LIMITS.outcomes, Label, v.strictTuple([Positive, Sum, SumOfSquares])),
  ),

  /** A shadow: a version that ran on a sample of inputs beside the one that serves, and answered nobody. */
  shadow: v.optional(
    v.strictObject({
      candidate: VersionSchema,
      n: Count,
      agreements: Count,
      /** [n, agreements] by bin of the distribution `confidence`, of the version that serves. */
      bins: v.optional(v.pipe(v.array(v.strictTuple([Count, Count])), v.maxLength(BINS_LIMIT))),
      /** Candidate minus active, ms: sum and sum of squares. */
      latencyDifference: v.strictTuple([Sum, SumOfSquares]),
      errorDifference: v.pipe(v.number(), v.safeInteger()),
    }),
  ),

  /** Events and reports of this device that never reached a report, by reason. */
  loss: v.optional(ByCode),
});

export type Report = v.InferOutput<typeof ReportSchema>;
