import type { Mirror, RequestOptions } from '@nearside/artifact';
import type { Datatype, ModelSpec, PlatformType, Report } from '@nearside/core';
import type { Output } from '@nearside/pipeline';
import type { AvailableBackend } from './backends.js';
import type { Input } from './run.js';

/** Options of `open`. Exactly one of `trust` and `integrity` is required. */
export interface OpenOptions {
  /**
   * For versions that keys sign: the repository's pin as `nearside publish` prints it, or the bytes of its first root
   * metadata.
   */
  readonly trust?: string | Uint8Array | undefined;
  /**
   * For one sealed version: its hash as `nearside seal` prints it, `sha256-` and base64. That version opens and never
   * another one; whoever may change the page may change it.
   */
  readonly integrity?: string | undefined;
  /** Where reports go, as `to` of {@link ReportOptions}, or these. Nothing is reported without it. */
  readonly report?: ReportOptions['to'] | ReportOptions | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Ends the opening; the promise rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
  /** Forces a backend; without it the fastest one that computes the right numbers comes to serve. */
  readonly backend?: AvailableBackend | undefined;
  /**
   * Limits of looking for a faster backend. By default this takes 10 MB and 3 s at most for each version that serves,
   * after the first result and while the page is idle. With `before-open`, `open` waits for it; with `off` the first
   * backend that proves itself serves.
   */
  readonly tune?: TuneBudget | 'before-open' | 'off' | undefined;
  /** Folder with a copy of the package's `dist/assets`, where a bundler does not find that. */
  readonly assets?: string | undefined;
  /** Headers and credentials for private repositories, sent to the origin of the model's address alone. */
  readonly request?: RequestOptions | undefined;
  /**
   * Keeps the model: `auto` in IndexedDB in a browser and in memory in Node, `memory` while the model is open and its worker
   * lives, a directory in Node.
   */
  readonly store?: StoreChoice | undefined;
  /**
   * Other bases of the same repository or sealed folder, asked when the first does not answer, and for chunks. A mirror of another
   * origin gets no headers or credentials but its own.
   */
  readonly mirrors?: readonly (string | Mirror)[] | undefined;
  readonly policy?: UpdatePolicy | undefined;
  /** A worker for this model alone; by default models on one backend share one. */
  readonly isolate?: boolean | undefined;
  /**
   * CPU threads that share a run on `onnx-wasm`, each with a core of its own: up to 4 by default, and never more than
   * the device has. It is one where the page is not isolated, in Node, and on other backends; `meta.threads` tells.
   * More threads take more memory, and another number gives other bits in the last place. Models with other numbers
   * have other workers.
   */
  readonly threads?: number | undefined;
  /**
   * By default `onnx-wasm` runs a version in `ort-common.wasm`, which has less than half of ONNX Runtime's bytes, where
   * `pack` found that enough. Where it is not on a device, the full file takes over, and the event `runtime-fallback`
   * says so. `full` never uses the common file.
   */
  readonly runtime?: 'auto' | 'full' | undefined;
  /**
   * The app's own way to an answer. Where no backend serves, or the one that `backend` forces fails, `open` resolves
   * with a model that it answers for. On a model that opened it answers `run` and `score` after `deadline`,
   * `no-backend` and `golden-mismatch`, unless the input was given away with `transfer`. It answers no frame of a
   * stream and no bad input. `timeoutMs` does not apply to it.
   */
  readonly fallback?: Fallback | undefined;
  /**
   * Starts a worker of the app's own for a backend, one that calls `serve` of `nearside/worker`; undefined where there
   * is none for this backend. After 30 s without a sign of it the next backend is tried; `worker-blocked` where none
   * is left.
   */
  readonly worker?: StartWorker | undefined;
  /**
   * Keeps inputs of `run` in memory, for the user to export with `model.capture`. Off by default. Nothing of it is
   * stored or sent.
   */
  readonly capture?: CaptureOptions | undefined;
  /**
   * The task in model.json: the model then has its types, and a version of another task is `task-mismatch`.
   */
  readonly task?: string | undefined;
}

/**
 * A model's address, what vouches for it, and the types of its inputs and results: `open(digits)`. `nearside seal` and
 * `nearside publish` write modules of these, with `--module`.
 */
export interface ModelReference<Given = Input, Result = Output>
  extends Pick<OpenOptions, 'trust' | 'integrity' | 'task'> {
  /** As in `open`. */
  readonly url: string;
  /** Carries the types, and is never there. */
  readonly '~types'?: { readonly input: Given; readonly output: Result } | undefined;
}

/** Limits of measuring other backends, for each open model and each version that comes to serve there. */
export interface TuneBudget {
  /**
   * Compressed bytes of runtimes and weights that are not on the device yet; 10,000,000 by default. A file that is
   * larger than what is left is not fetched.
   */
  readonly maxBytes?: number | undefined;
  /**
   * Time for starting, checking and timing them, without downloads, ms; 3,000 by default. When it is spent, timing
   * ends and no other is started; a start under way goes on, up to `policy.warmUpMs`.
   */
  readonly maxMs?: number | undefined;
}

/** Limits of downloads, and of a worker's silence. */
export interface UpdatePolicy {
  /** More than so many bytes are not downloaded for one version: `download-limit`. No limit by default. */
  readonly maxBytes?: number | undefined;
  /**
   * A hidden page gives an idle model's memory back after so long, and loads the model again when it is shown, ms; 60,000
   * by default, 15,000 on phones and tablets. `Infinity` keeps the model. Streams and calls under way keep it too.
   */
  readonly restHiddenMs?: number | undefined;
  /** Puts optional updates and `tune` off. By default as the browser says: data saver, cellular, 2G. */
  readonly saveData?: boolean | undefined;
  /** `auto` looks for versions at `open` and every 15 minutes; `manual` only on `update()`. */
  readonly update?: 'auto' | 'manual' | undefined;
  /**
   * Limit of loading and checking once everything is fetched, ms; 60,000 by default. It holds for every load: at `open`,
   * after a rest, of a new version, of a backend that is tried. A load that takes longer is a `backend-failed`, and its
   * worker is ended.
   */
  readonly warmUpMs?: number | undefined;
  /**
   * Limit of a run, ms; 120,000 by default. A run that takes a fourth longer has hung: its worker is replaced. `warm` and
   * `storage` have twice as long, because a run may come before them.
   */
  readonly watchdogMs?: number | undefined;
}

/**
 * Takes a report to where the app's own analytics are. Where it throws, or its promise rejects or takes 15 s, it is
 * called again with the same report, for up to 14 days: once the model is closed or its page left, whichever function the
 * model at that address is given next.
 */
export type ReceiveReport = (report: Report) => unknown;

export interface ReportOptions {
  /** The collector's address, several in order, or a function. */
  readonly to: string | readonly string[] | ReceiveReport;
  /** Share of device-days that report, 0.0001 … 1; 1 by default. */
  readonly sampleRate?: number | undefined;
  /**
   * Share of runs of which a trace is sent, 0 … 1; 0 by default, which sends none. Above 0 up to five runs that failed or
   * were slow have one too, for each open model. A function gets none.
   */
  readonly traceRate?: number | undefined;
  /** The app's own release, at most 32 characters: a changed app breaks a model as often as a new model does. */
  readonly app?: string | undefined;
  /**
   * Asked as there is something to report, before it is stored, and before it is sent. Where it does not answer true, what
   * waits is deleted too. A promise is too late for a page that is left: nothing is sent then. Reports are always sent
   * without it.
   */
  readonly consent?: (() => boolean | Promise<boolean>) | undefined;
}

/** Limits of the inputs of `run` that are kept. The oldest make room. */
export interface CaptureOptions {
  /**
   * Called with the input as it was given, before anything is kept. A copy of what it returns or promises is kept;
   * nothing is where that is undefined, where it throws, or where JSON and bytes cannot hold it.
   */
  readonly redact: (input: Input) => unknown;
  /** 100 by default. */
  readonly maxInputs?: number | undefined;
  /** Memory of all together, about; 10,000,000 by default. An input that is larger is not kept. */
  readonly maxBytes?: number | undefined;
}

/** `memory` keeps nothing once the model is closed; a directory is for Node. */
export type StoreChoice = 'auto' | 'memory' | { readonly directory: string };

/** Starts the app's own worker for a backend; undefined where it has none. */
export type StartWorker = (backend: AvailableBackend) => PlatformType<'Worker'> | undefined;

/** The app's own way to an answer: it returns the run's `output`. */
export type Fallback = (input: Input) => unknown;

export type LoadPhase = 'metadata' | 'runtime' | 'weights' | 'check';

export interface Progress {
  readonly phase: LoadPhase;
  /**
   * Weights count as they lie on the server; the worker and its runtime as they are sent, each in one step when all of it
   * is there.
   */
  readonly loadedBytes: number;
  /** 0 while unknown. */
  readonly totalBytes: number;
  /**
   * Share of loading with one backend, 0 … 1. It never falls, but starts again with another backend. Nobody sees how much
   * of a runtime is there while the browser compiles it, so it goes on by the clock meanwhile.
   */
  readonly ratio: number;
  /** Bytes per second in the last seconds; 0 while unknown. */
  readonly bytesPerSecond: number;
}

/**
 * A model.json that leaves out what can be derived. The name defaults to that of the file, the version to 0.0.0, tensors
 * to those of the file, and `variants` to the one that the files make up.
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
    'backend' | 'signal' | 'onProgress' | 'tune' | 'assets' | 'report' | 'threads' | 'worker'
  > {
  /**
   * Without golden cases a GPU serves only after it has computed the same as a CPU. `'off'` compares nothing: then a GPU
   * serves where `backend` names it, `unproven`, and nowhere else.
   */
  readonly selfCheck?: 'off' | undefined;
  readonly policy?: Pick<UpdatePolicy, 'restHiddenMs' | 'watchdogMs'> | undefined;
}

/**
 * One file: as a user picked it, its bytes, or its address, which may be relative to the page: `https:`, `http:` on
 * localhost, or of the page's own origin.
 */
export type UnsignedFile = Blob | ArrayBuffer | ArrayBufferView<ArrayBuffer> | string | URL;

/**
 * The one file of a model, or all of them by name: `{ 'model.onnx': file, 'model.onnx.data': file }`. Of a model that is
 * given by its address, weights that it names are fetched from beside it.
 */
export type UnsignedFiles = UnsignedFile | Readonly<Record<string, UnsignedFile>>;
