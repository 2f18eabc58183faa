export type {
  Mirror,
  ReleaseIdentity,
  RequestOptions,
  StorageReport,
  StoredVersion,
} from '@nearside/artifact';
export {
  type ErrorCode,
  type FeatureRecord,
  type FeatureValue,
  isNearsideError,
  NearsideError,
  type Tensor,
  type Tensors,
} from '@nearside/core';
export type {
  ClassMask,
  FoundSound,
  LabelScore,
  Output,
  RawSound,
  RegressionValue,
  RgbaPixels,
  ScoredWindow,
  Segment,
  TextLine,
} from '@nearside/pipeline';
export type {
  AvailableBackend,
  BackendFailure,
  BackendVerdict,
  ChoiceOrigin,
  OperatorTime,
  Quarantined,
} from './api/backends.js';
export type {
  CanRun,
  CanRunFilesOptions,
  CanRunOptions,
  RehearsalLimits,
  RehearsalRow,
} from './api/can-run.js';
export type { DetectedDrift, DriftScore } from './api/drift.js';
export type { ModelEventName, ModelEvents } from './api/events.js';
export type {
  Capture,
  CustomModel,
  LoadTimes,
  Model,
  ModelStats,
  OpeningStats,
  Profile,
  ProfileOptions,
  ReportTotals,
  Scored,
  ScoreOptions,
  ScoreProgress,
  StageProfile,
  StorageOptions,
  TaskModel,
  Truth,
} from './api/model.js';
export type {
  Backpressure,
  ModelStream,
  Streamed,
  StreamOptions,
  StreamStats,
} from './api/model-stream.js';
export type {
  CaptureOptions,
  Fallback,
  LoadPhase,
  OpenOptions,
  Progress,
  ReportOptions,
  StartWorker,
  StoreChoice,
  TuneBudget,
  UnsignedFile,
  UnsignedFiles,
  UnsignedOptions,
  UnsignedSpec,
  UnsignedTensor,
  UpdatePolicy,
} from './api/open-options.js';
export type { Priority } from './api/priority.js';
export type { Results } from './api/results.js';
export type {
  ImageInput,
  Input,
  RunMeta,
  RunOptions,
  RunResult,
  SoundInput,
  TensorInput,
} from './api/run.js';
export type { FoundObject, ModelOf, TaskName, TaskTypes } from './api/tasks.js';
export { type ClearOptions, clear } from './clear.js';
export {
  createEngine,
  type Engine,
  type EngineOptions,
  type EngineStats,
  type WorkerStats,
} from './create-engine.js';
export { open } from './open.js';
export { openUnsigned } from './open-unsigned.js';
export { type Prefetched, prefetch } from './prefetch.js';
export { runtimeAssets } from './runtime-assets.js';

// Behind `open`, whose modules would lie in an order that compresses worse.

export { canRun } from './can-run.js';
