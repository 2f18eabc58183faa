export type {
  Mirror,
  ReleaseIdentity,
  RequestOptions,
  StorageReport,
  StoredVersion,
} from '@nearside/artifact';
export {
  type ErrorCode,
  isNearsideError,
  NearsideError,
  type Tensor,
  type Tensors,
} from '@nearside/core';
export type { LabelScore, Output, RgbaPixels } from '@nearside/pipeline';
export type { OperatorTime } from './backends/operator-times.js';
export type { ChoiceOrigin, Quarantined } from './choice/choice-record.js';
export { type ClearOptions, clear } from './clear.js';
export {
  createEngine,
  type Engine,
  type EngineOptions,
  type EngineStats,
  type WorkerStats,
} from './create-engine.js';
export type { CustomModel } from './custom-model.js';
export type { ModelEventName, ModelEvents } from './events.js';
export type { Fallback } from './fallback/fallback.js';
export type { ImageInput, Input, TensorInput } from './input.js';
export type {
  BackendVerdict,
  Model,
  ModelStats,
  OpeningStats,
  Profile,
  ProfileOptions,
  RunMeta,
  RunOptions,
  RunResult,
  Scored,
  ScoreOptions,
  ScoreProgress,
  StageProfile,
  StorageOptions,
} from './model.js';
export { open } from './open.js';
export type {
  OpenOptions,
  ReportOptions,
  TuneBudget,
  UpdatePolicy,
} from './opening/open-options.js';
export type { StartWorker } from './opening/start-own-worker.js';
export type { StoreChoice } from './platform/open-store.js';
export type { LoadPhase, LoadTimes, Progress } from './protocol.js';
export type { Results } from './results.js';
export { type AvailableBackend, runtimeAssets } from './runtime-assets.js';
export type { Priority } from './scheduler/priority.js';
export type {
  Backpressure,
  ModelStream,
  Streamed,
  StreamOptions,
  StreamStats,
} from './streaming/model-stream.js';
export type { ReportTotals } from './telemetry/lifetime.js';
export {
  openUnsigned,
  type UnsignedOptions,
  type UnsignedSpec,
  type UnsignedTensor,
} from './unsigned/open-unsigned.js';
export type { UnsignedFile, UnsignedFiles } from './unsigned/unsigned-files.js';
