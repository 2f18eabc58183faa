export { type Baseline, binOf, type Distribution, parseBaseline } from './baseline.js';
export { BUILT_IN_TASKS, isBuiltInTask } from './built-in-tasks.js';
export { checkTensors, checkTexts } from './check-tensors.js';
export { trivialAnswer } from './check-tolerance.js';
export { createDeferred, type Deferred } from './deferred.js';
export { describe, formatShape } from './describe.js';
export {
  ERROR_CODES,
  type ErrorCode,
  type ErrorDetails,
  isNearsideError,
  NearsideError,
} from './errors.js';
export type { Feature } from './feature-schema.js';
export {
  type FeatureRecord,
  type FeatureValue,
  fitsFeature,
  type Substitution,
} from './features.js';
export {
  casesOfStage,
  type Golden,
  type GoldenCase,
  goldenFiles,
  isServedWith,
  parseGolden,
  type SeededTensor,
  type StoredOutput,
  type StoredTensor,
  type Tolerance,
  toleranceOf,
} from './golden.js';
export { GUARDRAILS, HealthSchema, marginName, outcomeOfMargin } from './health-margins.js';
export {
  addToBucket,
  bucketsOf,
  bucketUpperBound,
  countOf,
  createHistogram,
  type Histogram,
  type HistogramJson,
  histogramFromJson,
  histogramToJson,
  merge,
  quantile,
  record,
  total,
} from './histogram.js';
export { constantInputs } from './input-values.js';
export { kindOf, type PlatformType } from './kind-of.js';
export {
  type Chunk,
  type Layout,
  MAX_CHUNK_BYTES,
  parseLayout,
  Sha256HexSchema,
} from './layout.js';
export {
  type ModelFacts,
  ModelFactsSchema,
  parseModelFacts,
  type VersionFacts,
} from './model-facts.js';
export { isModelName } from './model-name.js';
export {
  FileNameSchema,
  ModelNameSchema,
  type ModelSpec,
  type NamedStep,
  type Runtime,
  SPEC_FORMAT,
  type Variant,
  VersionSchema,
} from './model-spec.js';
export { callerInputs, callerOutputs, initialState } from './model-state.js';
export { ownFields } from './own-fields.js';
export { parse } from './parse.js';
export { parseModelSpec } from './parse-model-spec.js';
export { type Report, ReportSchema } from './report.js';
export {
  complaintOf,
  HISTOGRAM_SCALES,
  type HistogramPath,
  reportHistograms,
} from './report-agrees.js';
export { excessesOf } from './report-bounds.js';
export {
  ARMS,
  type Arm,
  BACKENDS,
  type BackendName,
  COHORTS,
  DEVICE_CLASSES,
  type DeviceClass,
  type First,
  LARGEST_VALUE,
  LOSS_REASONS,
  LOST_CODES,
  type LossReason,
  MAX_COUNT,
  MAX_REPORT_BYTES,
  MOST_WORKERS,
  REPORT_LIMITS,
  REPORT_VERSION,
  SAMPLED_OBSERVATIONS,
  STAGE_SPANS,
  TRACE_LIMITS,
  type TraceReason,
} from './report-format.js';
export { drawsFrom, seededTensor } from './seeded-tensor.js';
export { shareOnce } from './share-once.js';
export { stabilityIndex } from './stability-index.js';
export {
  filesBesideModels,
  partsOf,
  resourceFiles,
  type Stage,
  type StagedSpec,
  sessionFiles,
  stagesOf,
  variantOfStage,
} from './stages.js';
export type { Decide, Store, StoreChange, StoredValue } from './store.js';
export { sum } from './sum.js';
export {
  arrayFromBytes,
  type Datatype,
  elementBytes,
  elementCount,
  float16ToNumber,
  NUMERIC_DATATYPES,
  type NumericDatatype,
  type Tensor,
  type TensorSpec,
  type Tensors,
} from './tensor.js';
export { numbersOf } from './tensor-numbers.js';
export { shapeFits, tensorsFit } from './tensors-fit.js';
export { type TraceSpan, type Traces, TracesSchema } from './trace.js';
export { ONNX_WEIGHT_TYPES, roundUp, usualTolerance } from './usual-tolerance.js';
export { BACKEND_FAULTS, isReasonToGiveUp } from './version-faults.js';
