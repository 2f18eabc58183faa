import type { ReleaseIdentity, StorageReport } from '@nearside/artifact';
import type { ErrorCode, FeatureRecord } from '@nearside/core';
import type { LabelScore, Output } from '@nearside/pipeline';
import type {
  AvailableBackend,
  BackendFailure,
  BackendVerdict,
  ChoiceOrigin,
  LostPage,
  OnnxRuntime,
  OperatorTime,
  Quarantined,
  Verdict,
} from './backends.js';
import type { DriftScore, ModelEventName, ModelEvents } from './events.js';
import type {
  ImageInput,
  Input,
  LooseTensor,
  LooseTensors,
  Priority,
  RunOptions,
  RunResult,
  TensorInput,
} from './run.js';
import type { ModelStream, Results, StreamOptions } from './streams.js';

/** An open model. Close it when done: that frees its memory, and ends its worker when it was the last one there. */
export interface Model extends AsyncDisposable {
  /**
   * Runs one input.
   *
   * @throws NearsideError request, backend and `closed` codes; `version-revoked` while the version that serves is taken
   *   back by its repository; any code of `open` after a rest; after a lost worker the code it was lost with, or
   *   `no-backend`. `signal.reason` on abort; RangeError or TypeError for wrong options. The next call is not affected
   */
  run(input: ImageInput, options?: RunOptions): Promise<RunResult<readonly LabelScore[]>>;
  run(input: TensorInput, options?: RunOptions): Promise<RunResult<TensorInput>>;
  run<const Given extends Readonly<Record<string, LooseTensor>>>(
    input: { readonly tensors: Given & LooseTensors<Given> },
    options?: RunOptions,
  ): Promise<RunResult<TensorInput>>;
  run(input: Input, options?: RunOptions): Promise<RunResult>;
  /**
   * Runs many inputs at full speed, batched where the model allows it: `for await (const { index,
   * output } of model.score(pictures)) …`. Results come in order; an input that is bad, or that a run
   * fails for, yields its `error` and stops nothing. Leaving the loop ends it, and what runs.
   */
  score(inputs: Iterable<Input> | AsyncIterable<Input>, options?: ScoreOptions): Results<Scored>;
  /**
   * Runs frames as they come, in their order: `for await (const { output } of model.stream(frames)) …`.
   * A model with state carries it from frame to frame, in the worker and in the version that it began
   * with; each `run` of such a model is a fresh start. Leaving the loop ends the stream.
   */
  stream(source: Iterable<Input> | AsyncIterable<Input>, options?: StreamOptions): ModelStream;
  /**
   * Tells the truth about a run of the last seven days, so that accuracy can be reported.
   *
   * @param id from `meta.id`, of this visit or an earlier one; one that is unknown is counted as unmatched
   * @throws TypeError for another truth
   */
  feedback(id: string, truth: Truth): void;
  /**
   * Counts outcomes of results in the app, such as accepted or not, or minutes saved, so that versions can be compared.
   * Reports hold the number of values, their sum and the sum of their squares.
   *
   * @param name at most 64 characters; up to four names for a model. It is sent as it is
   * @param value up to 1e11, or down to −1e11
   * @param of `id`: `meta.id` of the run that led to it; by default it is of the version that serves now
   * @throws TypeError for another name or value
   */
  outcome(name: string, value: number, of?: { readonly id?: string | undefined }): void;
  /** Inputs that are kept on this device; undefined unless `open` was given `capture`. */
  readonly capture?: Capture | undefined;
  /** Counts and times since it was opened. Works without `report` too, and sends nothing. */
  stats(): ModelStats;
  /** @returns a function that takes the listener off again */
  on<Name extends ModelEventName>(
    name: Name,
    listener: (event: ModelEvents[Name]) => void,
  ): () => void;
  /**
   * Looks for another version now. It is fetched, loaded and checked in a worker of its own while
   * the present one serves on, and takes over between two runs.
   *
   * @returns the version that is ready, or undefined when there is nothing new
   * @throws NearsideError trust, network and backend codes; the present version serves on
   */
  update(): Promise<ReleaseIdentity | undefined>;
  /**
   * Runs one input several times and says where the time goes: `console.table(profile.stages)`, and
   * `profile.operators`. Counts as runs like any other; those that time operators are not counted.
   */
  profile(input: Input, options?: ProfileOptions): Promise<Profile>;
  /** Lists the contenders for serving here, what became of each, and why, for `console.table`. */
  explainBackend(): Promise<readonly BackendVerdict[]>;
  /**
   * Makes it ready for the next call: loads it again if it was put to rest, checks its first golden case, and runs that
   * until runs stop getting faster, one takes over 0.5 s or 2 s are spent. Other calls wait for one run. Nothing is counted.
   *
   * @throws NearsideError as `open`; `golden-mismatch` when it computes wrong numbers now; `terminated` where
   *   there is no answer within twice `policy.watchdogMs`
   */
  warm(): Promise<void>;
  /**
   * Keeps values of features on this device, dated now, for records that leave them out; null forgets one. They go
   * nowhere else, and `clear` deletes them. On a device that stores nothing they last as long as the model is open.
   *
   * @throws NearsideError `input-invalid` for what is no feature of the model, or not of its type; store codes
   */
  remember(record: FeatureRecord): Promise<void>;
  /** Tells what is stored of the model on this device. `persist` asks the browser never to evict it. */
  storage(options?: StorageOptions): Promise<StorageReport>;
  /**
   * Rejects calls that wait or run with `closed`, seals the report and leaves the worker. Resolves within seconds,
   * whatever store and network do. Safe to call twice.
   */
  close(): Promise<void>;
}

/** Inputs of `run` as `redact` gave them, in memory until they make room, `clear` or `close`. */
export interface Capture {
  readonly inputs: number;
  /** Memory that they take, about. */
  readonly sizeBytes: number;
  /** Inputs that were not kept: `redact` threw, or they were too large or of another kind. */
  readonly refused: number;
  /**
   * Writes all of them to a JSON file, the oldest first, for the user to save. `docs/api.md` has its format.
   *
   * @throws the browser's error for a Blob in it that cannot be read any more
   */
  export(): Promise<Blob>;
  /** Forgets all of them. */
  clear(): void;
}

export interface ProfileOptions extends Pick<RunOptions, 'signal'> {
  /** 10 by default. */
  readonly runs?: number | undefined;
}

export interface Profile {
  readonly model: string;
  readonly version: string;
  readonly variant: string;
  readonly backend: string;
  readonly threads: number;
  readonly runs: number;
  /** Median of a whole run, ms. */
  readonly totalMs: number;
  readonly stages: readonly StageProfile[];
  /** Operators of the session's run, the longest first; undefined where the runtime cannot tell (WebGPU, Node). */
  readonly operators: readonly OperatorTime[] | undefined;
}

export interface StageProfile {
  /** `queue` is waiting and the way to the worker and back. */
  readonly stage: 'queue' | 'pre' | 'run' | 'post';
  readonly medianMs: number;
  readonly longestMs: number;
  /** Share of the median run, 0 … 1. */
  readonly share: number;
}

export interface StorageOptions {
  readonly persist?: boolean | undefined;
}

/** `score` has no `terminate` and no `timeoutMs`: leaving is free, and `policy.watchdogMs` ends an input that hangs. */
export interface ScoreOptions extends Pick<RunOptions, 'signal' | 'topK'> {
  /** `background` by default: other calls of the page go first. */
  readonly priority?: Priority | undefined;
  /** Index to go on from; inputs before it are passed over. */
  readonly from?: number | undefined;
  /** Called after each result; `total` is unknown where the inputs have no length. */
  readonly onProgress?: ((progress: ScoreProgress) => void) | undefined;
}

export interface ScoreProgress {
  readonly done: number;
  readonly failed: number;
  readonly total: number | undefined;
}

/** One input's result, or its error: a bad input stops nothing. Both destructure as `{ index, output, meta, error }`. */
export type Scored<Result = Output> =
  | ({ readonly index: number; readonly error?: undefined } & RunResult<Result>)
  | {
      readonly index: number;
      readonly error: unknown;
      readonly output?: undefined;
      readonly meta?: undefined;
    };

export interface ModelStats {
  readonly model: string;
  readonly version: string;
  readonly variant: string;
  /** `fallback` where the app's own function answers. */
  readonly backend: AvailableBackend | 'fallback';
  /** Which file of ONNX Runtime it runs in; undefined on other backends than `onnx-wasm`. */
  readonly runtime: OnnxRuntime | undefined;
  /** CPU threads that share a run. */
  readonly threads: number;
  /**
   * Why they are fewer than `threads` asks for, or than the default, 4 or the number of cores, where only one is to be
   * had.
   */
  readonly threadsReason: string | undefined;
  /** `cpu`, or the GPU as the browser names it. */
  readonly hardware: string;
  /** Number of workers that serve it; 0 while it is at rest. */
  readonly workers: number;
  /** The wasm memory of its workers, for other models in them too; undefined while unknown, and while it is at rest. */
  readonly heapBytes: number | undefined;
  readonly verdict: Verdict;
  /** The reason why this backend serves. */
  readonly choice: ChoiceOrigin;
  /** Variants on backends that failed on this device, in this visit or for good. */
  readonly quarantined: readonly Quarantined[];
  readonly ok: number;
  readonly errors: { readonly [Code in ErrorCode]?: number };
  readonly aborted: number;
  /** Inputs that did not fit, the caller's and not counted as errors. */
  readonly invalid: number;
  /** Runs that `fallback` answered. */
  readonly fallbacks: number;
  /**
   * Calls that wait for a worker now, with frames of streams and inputs of `score`, which do not count towards the 64
   * of `queue-full`.
   */
  readonly waiting: number;
  /** Call → result, ms, ±4.33 %; undefined until counting begins, soon after the first result. */
  readonly latencyMs: Readonly<Record<'p50' | 'p95' | 'p99', number | undefined>>;
  /**
   * The distance between runs of this version on this device and its `baseline.json`, in the order of that. Undefined
   * until a run was observed, and without a baseline. Frames of streams are left out: they resemble each other.
   */
  readonly drift: readonly DriftScore[] | undefined;
  readonly opening: OpeningStats;
  readonly reports: Readonly<ReportTotals> | undefined;
}

/** Feedback: the right label, whether the answer was right, or the right value of a regression. */
export type Truth<Label extends string = string> =
  | { readonly label: Label }
  | { readonly correct: boolean }
  | { readonly value: number };

export interface OpeningStats {
  /** The version's source; `files` were given to `openUnsigned`. */
  readonly origin: 'store' | 'network' | 'files';
  /** When `open` was called, by `performance.now()`. */
  readonly startMs: number;
  /** `open` → ready, ms. */
  readonly totalMs: number;
  /** `metadata`: verifying in the worker what the device or the repository answers. */
  readonly steps: LoadTimes & { readonly metadata: number };
  /** Bytes of weights that crossed the network. */
  readonly fetchedBytes: number;
  readonly healedChunks: number;
  /** Backends that were tried first and did not start: the reason why a first visit took a heavier one. */
  readonly failures: readonly BackendFailure[];
  /**
   * Pages of this origin that died lately while they were at work for the model, the latest last: why it may be on another
   * backend or variant, or on one thread. `docs/guide/backends.md` says what follows from them.
   */
  readonly lost: readonly LostPage[];
}

/** Reports since the model was opened. */
export interface ReportTotals {
  /** Reports that are sealed and stored. */
  sealed: number;
  /** Successful runs in those. */
  sealedRuns: number;
  /** Reports that a collector has accepted, those of earlier visits included. */
  sent: number;
  dropped: number;
  /** The last failure to send, in words. The report is kept. */
  problem: string | undefined;
}

/** Milliseconds per step of loading. Weights and runtime are waited for side by side. */
export interface LoadTimes {
  /** Fetching, or reading, and verifying them. */
  readonly weights: number;
  /** Starting its worker, and waiting for its compiled file. */
  readonly runtime: number;
  /** Starting the runtime, and loading the weights into it. */
  readonly session: number;
  /** Golden cases, and storing that they were passed. */
  readonly check: number;
}

/**
 * An open model of a task of the app's own: `open<Result>(url, { trust, worker })`. Any input but a {@link TensorInput}
 * goes to the task, as a copy, and must be cloneable.
 */
export type CustomModel<Result> = TaskModel<unknown, Result>;

/** An open model of a known task, or of a `ModelReference`. */
export interface TaskModel<Given, Result>
  extends Omit<Model, 'run' | 'score' | 'stream' | 'profile' | 'feedback' | 'remember'> {
  /** As {@link Model.run}. */
  run(input: OtherTensors<Given>, options?: RunOptions): Promise<RunResult<TensorInput>>;
  run(input: Given, options?: RunOptions): Promise<RunResult<Result>>;
  /** As {@link Model.score}. */
  score(
    inputs: Iterable<Given> | AsyncIterable<Given>,
    options?: ScoreOptions,
  ): Results<Scored<Result>>;
  /** As {@link Model.stream}. */
  stream(
    source: Iterable<Given> | AsyncIterable<Given>,
    options?: StreamOptions,
  ): ModelStream<Result>;
  /** As {@link Model.profile}. */
  profile(input: Given | OtherTensors<Given>, options?: ProfileOptions): Promise<Profile>;
  /** As {@link Model.feedback}. */
  feedback(id: string, truth: Truth<LabelOf<Result>>): void;
  /** As {@link Model.remember}. */
  remember(record: Given extends FeatureRecord ? Partial<Given> : FeatureRecord): Promise<void>;
}

/** Where the input is tensors of names that are known, no others are taken. */
type OtherTensors<Given> = Given extends TensorInput ? never : TensorInput;

type LabelOf<Result> = Result extends readonly LabelScore<infer Label>[] ? Label : string;
