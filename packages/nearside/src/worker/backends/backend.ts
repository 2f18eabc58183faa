import type { ChunkedFile, VerifiedBytes } from '@nearside/artifact';
import type {
  BackendName,
  NearsideError,
  Runtime,
  TensorSpec,
  Tensors,
  Variant,
} from '@nearside/core';
import type { OperatorTime } from '../../shared/api/backends.js';
import type { UnverifiedBytes } from './unverified-bytes.js';

/**
 * One way of running a model: a runtime on a piece of hardware. A backend knows nothing of where
 * bytes come from, of images or of results; it takes files and plain tensors, and a
 * runtime's own tensors never leave its session file.
 */
export interface Backend {
  readonly name: BackendName;
  /** Which variants it can load. */
  readonly runtime: Runtime;
  /** True where it reads weights while it loads a model, and not before: they are not kept in memory for it. */
  readonly readsWeightsLater?: boolean;
  /**
   * Asked before anything is fetched for it: has this environment what it needs for a variant?
   *
   * @throws NearsideError `no-backend`, saying what is missing
   */
  requireSupport(variant: Variant): Promise<void>;
  /**
   * Begins what the start waits for and no variant decides. A backend that may lack what a variant needs has none.
   *
   * @returns whether its wasm file will be needed
   */
  prepare?(threads: number | undefined): boolean;
  /**
   * Starts the runtime, once.
   *
   * @throws NearsideError `wasm-blocked`, `no-backend` or `backend-failed`
   */
  start(request: StartRequest): Promise<RuntimeTraits>;
  /**
   * Loads a variant whose files are given by name.
   *
   * @throws NearsideError `backend-failed`, `operator-unsupported`, `out-of-memory`, `device-lost`
   */
  createSession(request: SessionRequest): Promise<BackendSession>;
  /**
   * Loads a variant on a CPU, in the runtime that computes on a GPU otherwise. Missing where there is none beside.
   *
   * @throws as `createSession`
   */
  createOnCpu?(request: SessionRequest): Promise<BackendSession>;
  /**
   * Runs one input several times in a session of its own and says how long each operator took. Missing
   * where the runtime cannot tell.
   *
   * @returns undefined when it told nothing this time
   * @throws as `createSession` and `run`
   */
  profile?(request: ProfileRequest): Promise<readonly OperatorTime[] | undefined>;
}

/** A `WebAssembly.Module`: Node's types know none. */
export type CompiledWasm = object;

export interface StartRequest {
  /** The runtime's wasm file; undefined for a backend that has none. */
  readonly wasm?: CompiledWasm | undefined;
  /** CPU threads that a run is to be shared between; as many as are worth it by default. */
  readonly threads?: number | undefined;
  /** Told when no run will succeed any more, so that the worker is replaced: `device-lost`, `worker-lost`. */
  readonly onLost: (error: NearsideError) => void;
}

/** The hardware that a started runtime computes on. Results may differ with it in their last bits. */
export interface RuntimeTraits {
  /** CPU threads that share the work of one run. */
  readonly threads: number;
  /** Why they are fewer than were asked for, or than are worth it. */
  readonly threadsReason?: string | undefined;
  /** `cpu`, or the GPU as the browser names it, such as `google swiftshader`. */
  readonly hardware: string;
}

export interface SessionRequest {
  /** An empty list of its tensors leaves them to what the file itself says. */
  readonly spec: ModelTensors;
  readonly variant: Variant;
  /** Those that are needed whole: the first file of the variant. */
  readonly files: ModelFiles;
  /** The variant's other files. */
  readonly weights: WeightFiles;
  /** How far ONNX Runtime rewrites the graph: by default all the way. The others are as right, and slower. */
  readonly optimization?: 'disabled' | 'basic' | 'extended' | 'all' | undefined;
}

/** By name, and all of one kind: `open` has verified them, or `openUnsigned` was given them. */
export type ModelFiles = ReadonlyMap<string, VerifiedBytes> | ReadonlyMap<string, UnverifiedBytes>;

/** In chunks, by name, and of one kind as {@link ModelFiles}. */
export type WeightFiles =
  | ReadonlyMap<string, ChunkedFile<VerifiedBytes>>
  | ReadonlyMap<string, ChunkedFile<UnverifiedBytes>>;

export interface ProfileRequest extends SessionRequest {
  readonly inputs: Tensors;
  /** After one that warms up. */
  readonly runs: number;
}

/** A loaded model. Runs are sequential: the caller waits for one before it starts the next. */
export interface BackendSession {
  /** As the spec declares them, else as the file does. */
  readonly tensors: ModelTensors;
  /**
   * @param inputs every tensor of `tensors.inputs`; left untouched
   * @returns every tensor of `tensors.outputs`, in buffers of their own
   * @throws NearsideError `backend-failed` or `out-of-memory`, which do not affect the next run unless
   *   `onLost` was told; `device-lost`
   */
  run(inputs: Tensors): Promise<Tensors>;
  /** Frees what the runtime holds for it. Safe to call twice. */
  release(): Promise<void>;
}

export interface ModelTensors {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
}

/** The tensors a spec declares; for a list that it leaves empty, those of the file itself. */
export function declaredOr(
  { inputs, outputs }: ModelTensors,
  ofFile: (list: keyof ModelTensors) => readonly TensorSpec[],
): ModelTensors {
  return {
    inputs: inputs.length > 0 ? inputs : ofFile('inputs'),
    outputs: outputs.length > 0 ? outputs : ofFile('outputs'),
  };
}
