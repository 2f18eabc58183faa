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
  FoundObject,
  FoundSound,
  LabelScore,
  Mask,
  Output,
  RawSound,
  RegressionValue,
  RgbaPixels,
  ScoredWindow,
  Segment,
  TextInput,
  TextLine,
} from '@nearside/pipeline';
export { canRun } from './page/can-run.js';
export { type ClearOptions, clear } from './page/clear.js';
export {
  createEngine,
  type Engine,
  type EngineOptions,
  type EngineStats,
  type WorkerStats,
} from './page/create-engine.js';
export { open } from './page/open.js';
export { openUnsigned } from './page/open-unsigned.js';
export { type Prefetched, prefetch } from './page/prefetch.js';
export { runtimeAssets } from './page/runtime-assets.js';
export type {
  AvailableBackend,
  BackendFailure,
  BackendVerdict,
  ChoiceOrigin,
  LostPage,
  OperatorTime,
  Quarantined,
  Verdict,
} from './shared/api/backends.js';
export type {
  CanRun,
  CanRunFilesOptions,
  CanRunOptions,
  RehearsalLimits,
  RehearsalRow,
} from './shared/api/can-run.js';
export type {
  DetectedDrift,
  DriftScore,
  ModelEventName,
  ModelEvents,
} from './shared/api/events.js';
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
} from './shared/api/model.js';
export type {
  CaptureOptions,
  Fallback,
  LoadPhase,
  ModelReference,
  OpenOptions,
  Progress,
  ReceiveReport,
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
} from './shared/api/open-options.js';
export type {
  ImageInput,
  Input,
  Priority,
  RunMeta,
  RunOptions,
  RunResult,
  SoundInput,
  TensorInput,
} from './shared/api/run.js';
export type {
  Backpressure,
  ModelStream,
  Results,
  Streamed,
  StreamOptions,
  StreamStats,
} from './shared/api/streams.js';
export type { ModelOf, TaskName, TaskTypes } from './shared/api/tasks.js';
