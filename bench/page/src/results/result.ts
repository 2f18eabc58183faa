import * as v from 'valibot';
import { parseAs } from './parse-as.ts';

/** Of the file and of a link. Grows when an older page could not read what a newer one writes. */
export const RESULT_FORMAT = 1;

/** A link or a file may come from anybody: no page has rows, or points, without end. */
const MAX_ROWS = 64;
const MAX_POINTS = 64;
const MAX_TEXT = 2_000;

export const TextSchema = v.pipe(v.string(), v.maxLength(MAX_TEXT));
export const NumberSchema = v.pipe(v.number(), v.finite(), v.minValue(0));
const CountSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const PointsSchema = v.pipe(v.array(NumberSchema), v.minLength(1), v.maxLength(MAX_POINTS));
const StagesSchema = v.record(TextSchema, NumberSchema);

const CorrectnessSchema = v.variant('against', [
  v.strictObject({ against: v.literal('nothing') }),
  v.strictObject({
    against: v.picklist(['golden', 'first-row']),
    isRight: v.boolean(),
    /** The largest difference ÷ what is allowed there. */
    worstShare: NumberSchema,
    cases: CountSchema,
  }),
]);

const LatencySchema = v.strictObject({
  /** Times that count. */
  count: CountSchema,
  thrownAway: CountSchema,
  p50Ms: NumberSchema,
  p90Ms: NumberSchema,
  p95Ms: NumberSchema,
  p99Ms: NumberSchema,
  meanMs: NumberSchema,
  /** Quantiles 0 … 1 at even steps, ms. */
  points: PointsSchema,
  /** The median of each turn, in the order of the turns. Rows that are open together take turns together. */
  turnMediansMs: PointsSchema,
  warmUpRuns: CountSchema,
  isSteady: v.boolean(),
});

const StartSchema = v.strictObject({ totalMs: NumberSchema, stages: StagesSchema });

const ThroughputSchema = v.strictObject({ batch: CountSchema, perSecond: NumberSchema });

const SmoothnessSchema = v.strictObject({
  stretchMs: NumberSchema,
  blockingMs: NumberSchema,
  longestMs: NumberSchema,
  droppedFrames: CountSchema,
});

export const ProblemSchema = v.strictObject({ code: TextSchema, message: TextSchema });

const RowSchema = v.strictObject({
  id: TextSchema,
  title: TextSchema,
  place: v.picklist(['worker', 'main thread']),
  isPeer: v.boolean(),
  state: v.picklist(['waiting', 'running', 'done', 'failed', 'cancelled', 'skipped']),
  problem: v.optional(ProblemSchema),
  backend: v.optional(TextSchema),
  variant: v.optional(TextSchema),
  threads: v.optional(CountSchema),
  hardware: v.optional(TextSchema),
  isSoftwareGpu: v.optional(v.boolean()),
  correctness: v.optional(CorrectnessSchema),
  latency: v.optional(LatencySchema),
  coldStart: v.optional(StartSchema),
  warmStart: v.optional(StartSchema),
  throughput: v.optional(v.pipe(v.array(ThroughputSchema), v.maxLength(MAX_POINTS))),
  concurrentPerSecond: v.optional(NumberSchema),
  smoothness: v.optional(SmoothnessSchema),
  memoryBytes: v.optional(NumberSchema),
});

export const DeviceSchema = v.strictObject({
  browser: TextSchema,
  system: TextSchema,
  cores: CountSchema,
  memoryGb: v.nullable(NumberSchema),
  isIsolated: v.boolean(),
  gpu: v.nullable(TextSchema),
  screen: TextSchema,
});

const ResultSchema = v.strictObject({
  format: v.literal(RESULT_FORMAT),
  kind: v.literal('nearside-benchmark'),
  /** ISO 8601. */
  at: v.pipe(TextSchema, v.isoTimestamp()),
  library: TextSchema,
  model: v.strictObject({ id: TextSchema, title: TextSchema, sizeBytes: NumberSchema }),
  threads: CountSchema,
  device: DeviceSchema,
  rows: v.pipe(v.array(RowSchema), v.maxLength(MAX_ROWS)),
});

export type Correctness = v.InferOutput<typeof CorrectnessSchema>;
export type Latency = v.InferOutput<typeof LatencySchema>;
export type Start = v.InferOutput<typeof StartSchema>;
export type ResultRow = v.InferOutput<typeof RowSchema>;
export type DeviceFacts = v.InferOutput<typeof DeviceSchema>;
export type BenchResult = v.InferOutput<typeof ResultSchema>;

/** @throws BenchError `result-invalid`, saying what was expected and what was got */
export function parseResult(text: string): BenchResult {
  return parseAs(ResultSchema, text, { kind: 'nearside-benchmark', format: RESULT_FORMAT });
}

/** Whether every row has come to its end, and none was cancelled: before that none is the fastest. */
export function isComplete({ rows }: BenchResult): boolean {
  return rows.length > 0 && rows.every(({ state }) => ENDED.includes(state));
}

const ENDED: readonly ResultRow['state'][] = ['done', 'failed', 'skipped'];

/** Whether a row's speed may be compared: a GPU that is computed in software says nothing of GPUs. */
export function isRanked({ state, latency, isSoftwareGpu, correctness }: ResultRow): boolean {
  if (state !== 'done' || !latency || isSoftwareGpu || !correctness) return false;
  return correctness.against === 'nothing' || correctness.isRight;
}
