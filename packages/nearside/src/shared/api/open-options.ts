import type { Mirror, RequestOptions } from '@nearside/artifact';
import type { Datatype, ModelSpec, PlatformType } from '@nearside/core';
import type { AvailableBackend } from './backends.js';
import type { Input } from './run.js';

/** What `open` takes. `trust` alone is required. */
export interface OpenOptions {
  /** The repository's pin as `nearside publish` prints it, or the bytes of its first root metadata. */
  readonly trust: string | Uint8Array;
  /** Where reports go: an address, several in order, or with a sampling rate. None: no report. */
  readonly report?: string | readonly string[] | ReportOptions | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Ends the opening; the promise rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
  /** Forces one; without it the fastest that computes the right numbers comes to serve. */
  readonly backend?: AvailableBackend | undefined;
  /**
   * What may be spent on finding a faster backend: by default, after the first result and while the
   * page is idle, 10 MB and 3 s for each version that serves. `before-open` has `open` wait for it, with the
   * same limits; `off` stays with the first that proves itself.
   */
  readonly tune?: TuneBudget | 'before-open' | 'off' | undefined;
  /** Folder of a copy of the package's `dist/assets`, where a bundler does not find it. */
  readonly assets?: string | undefined;
  /** For private repositories. Sent to the origin of the model's address alone. */
  readonly request?: RequestOptions | undefined;
  /**
   * Where the model is kept: `auto` is IndexedDB in a browser and memory in Node, `memory` keeps
   * nothing after the page, a directory is for Node.
   */
  readonly store?: StoreChoice | undefined;
  /**
   * Other bases of the same repository: asked when the first does not answer, and for chunks. One of another
   * origin is sent no headers or credentials but those it is named with.
   */
  readonly mirrors?: readonly (string | Mirror)[] | undefined;
  readonly policy?: UpdatePolicy | undefined;
  /** A worker for this model alone; by default models on one backend share one. */
  readonly isolate?: boolean | undefined;
  /**
   * CPU threads that a run on `onnx-wasm` is shared between, each with a core of its own: up to 4 by default, and
   * never more than the device has; one where the page is not isolated, in Node, and on other backends.
   * `meta.threads` says how many there are. More threads take more memory of the worker that they share, and
   * another number gives other bits in the last place. Models that name other numbers have other workers.
   */
  readonly threads?: number | undefined;
  /**
   * `full` never uses `ort-common.wasm`, the part of ONNX Runtime that most models use, in less than half of its
   * bytes. By default `onnx-wasm` runs versions in it that `pack` found to need no more; where one does need more
   * on a device, the full file takes over there, and the event `runtime-fallback` says so.
   */
  readonly runtime?: 'auto' | 'full' | undefined;
  /**
   * The app's own way to an answer. `open` resolves with a model that it answers for where backends fail:
   * `no-backend`, or the own code of one that `backend` forces. On a model that opened, `run` and `score` are
   * answered by it after `deadline`, `no-backend` and `golden-mismatch`, unless the input was given away with
   * `transfer`. Never for a frame of a stream, nor a bad input. `timeoutMs` does not apply to it.
   */
  readonly fallback?: Fallback | undefined;
  /**
   * Starts a worker of the app's own for a backend, one that calls `serve` of `nearside/worker`;
   * undefined where it has none for this backend. One that starts and stays silent costs 30 s before the next
   * backend is tried, for each backend; `worker-blocked` where none is left.
   */
  readonly worker?: StartWorker | undefined;
  /**
   * Keeps inputs of `run` in memory, for the user to export: `model.capture`. Off by default. Nothing of it is
   * stored or sent.
   */
  readonly capture?: CaptureOptions | undefined;
  /**
   * The model's task, as its model.json has it: the model then has its types, and a version of another task is
   * `task-mismatch`.
   */
  readonly task?: string | undefined;
}

/**
 * What measuring other backends may cost, for each open model and each version that comes to serve there:
 * two models, or a version and its update, have it twice.
 */
export interface TuneBudget {
  /**
   * Of runtimes and weights that are not on the device yet, compressed; 10,000,000 by default. What does not
   * fit in what is left is not fetched.
   */
  readonly maxBytes?: number | undefined;
  /**
   * Of starting, checking and timing them, not of downloads, ms; 3,000 by default. When it is spent, timing
   * ends and no other is started; a start under way goes on, up to `policy.warmUpMs`.
   */
  readonly maxMs?: number | undefined;
}

/** What may be downloaded and when, and how long a worker may be silent. */
export interface UpdatePolicy {
  /** More than so many bytes are not downloaded for one version: `download-limit`. No limit by default. */
  readonly maxBytes?: number | undefined;
  /** Puts optional updates and `tune` off. By default as the browser says: data saver, cellular, 2G. */
  readonly saveData?: boolean | undefined;
  /** `auto` looks for versions at `open` and every 15 minutes; `manual` only on `update()`. */
  readonly update?: 'auto' | 'manual' | undefined;
  /**
   * How long loading and checking may take once everything is fetched, ms; 60,000 by default. For every load:
   * at `open`, after a rest, of a new version, of a backend that is tried. One that takes longer is a
   * `backend-failed`, and its worker is ended.
   */
  readonly warmUpMs?: number | undefined;
  /**
   * A run that takes longer has hung: its worker is replaced, ms; 120,000 by default. `warm` and `storage`
   * have twice as long, because they may stand behind a run.
   */
  readonly watchdogMs?: number | undefined;
}

export interface ReportOptions {
  readonly to: string | readonly string[];
  /** Share of device-days that report, 0.0001 … 1; 1 by default. */
  readonly sampleRate?: number | undefined;
  /**
   * Share of runs of which a trace is sent, 0 … 1; 0.01 by default. Above 0 up to five runs that failed or were slow have
   * one too, for each open model. 0 sends none.
   */
  readonly traceRate?: number | undefined;
  /** The app's own release, at most 32 characters: a changed app breaks a model as often as a new model does. */
  readonly app?: string | undefined;
  /**
   * Asked before a report is stored, and before it is sent. Anything but true, and what waits is deleted too; always,
   * by default.
   */
  readonly consent?: (() => boolean | Promise<boolean>) | undefined;
}

/** Which inputs of `run` are kept, and how many. The oldest make room. */
export interface CaptureOptions {
  /**
   * Asked at the call with the input as it was given, before anything is kept: keeps what it returns or promises, which is a
   * copy made at once. Undefined, what throws, and what cannot be written as JSON and bytes keep nothing.
   */
  readonly redact: (input: Input) => unknown;
  /** 100 by default. */
  readonly maxInputs?: number | undefined;
  /** All together, about what they take in memory; 10,000,000 by default. One that is larger is not kept. */
  readonly maxBytes?: number | undefined;
}

/** `memory` keeps nothing after the page; a directory is for Node. */
export type StoreChoice = 'auto' | 'memory' | { readonly directory: string };

/** Starts the app's own worker for a backend; undefined where it has none. */
export type StartWorker = (backend: AvailableBackend) => PlatformType<'Worker'> | undefined;

/** The app's own way to an answer: what it returns is the run's `output`. */
export type Fallback = (input: Input) => unknown;

export type LoadPhase = 'metadata' | 'runtime' | 'weights' | 'check';

export interface Progress {
  readonly phase: LoadPhase;
  /** Weights count as they are stored on the server. A runtime counts as it is sent, in one step when all is there. */
  readonly loadedBytes: number;
  /** 0 while unknown. */
  readonly totalBytes: number;
  /** Of loading with one backend, 0 … 1, never falling; another backend starts again. */
  readonly ratio: number;
  /** Of the last seconds, bytes per second; 0 while unknown. */
  readonly bytesPerSecond: number;
}

/**
 * model.json, of which everything may be left out that can be derived. The name defaults to that of
 * the file, the version to 0.0.0; names, datatypes and shapes of tensors to what the file says;
 * `variants` to the one that the files make up.
 */
export type UnsignedSpec = Partial<Omit<ModelSpec, 'inputs' | 'outputs'>> & {
  readonly inputs?: readonly UnsignedTensor[] | undefined;
  readonly outputs?: readonly UnsignedTensor[] | undefined;
};

export interface UnsignedTensor {
  readonly name: string;
  readonly datatype: Datatype;
  /** −1 leaves an axis free. */
  readonly shape: readonly number[];
}

export interface UnsignedOptions
  extends Pick<
    OpenOptions,
    'backend' | 'signal' | 'onProgress' | 'assets' | 'report' | 'threads' | 'worker'
  > {
  readonly policy?: Pick<NonNullable<OpenOptions['policy']>, 'watchdogMs'> | undefined;
}

/** One file: as a user picked it, or its bytes. */
export type UnsignedFile = Blob | ArrayBuffer | ArrayBufferView<ArrayBuffer>;

/** The one file of a model, or all of them by name: `{ 'model.onnx': file, 'model.onnx.data': file }`. */
export type UnsignedFiles = UnsignedFile | Readonly<Record<string, UnsignedFile>>;
