import type {
  Assignment,
  BootAnswer,
  InstallationEvent,
  Mirror,
  ModelAddress,
  ReleaseIdentity,
  RequestOptions,
  StorageReport,
  UpdateCheck,
} from '@nearside/artifact';
import {
  type Baseline,
  type ErrorCode,
  type ErrorDetails,
  type Golden,
  isNearsideError,
  type ModelSpec,
  NearsideError,
  type Substitution,
  type Tensors,
} from '@nearside/core';
import type { AvailableBackend, OnnxRuntime, OperatorTime, Verdict } from './api/backends.js';
import type { LoadTimes } from './api/model.js';
import type { Progress, StoreChoice } from './api/open-options.js';
import type { Priority } from './api/run.js';
import type { InstallIdentity } from './install.js';
import { LIBRARY_VERSION } from './library-version.js';
import type { OpenStore } from './open-store.js';

/**
 * The whole worker boundary: messages, their form, and who owns them afterwards. Both sides import this file and run
 * nothing of each other.
 *
 * A worker serves models on one backend, each at a port of its own ({@link AttachMessage}). These are the calls to one
 * of them; they go through Comlink as {@link WorkerApi}, all but runs ({@link RunMessage}). The worker and each port
 * announce themselves with {@link READY}; ports send {@link WorkerEvent}s beside the replies.
 */
export interface ModelCalls {
  /** Finds, verifies and opens a version. Undefined when there is no previous one to go back to. */
  open(request: OpenRequest): Promise<OpenedVersion | undefined>;
  /** Takes a model as files that nobody vouches for, instead of `open`; nothing of it is kept. */
  openUnsigned(request: UnsignedRequest): Promise<OpenedVersion>;
  /** Fetches the files of a variant that are not on the device yet. */
  fetch(request: FetchRequest): Promise<void>;
  /**
   * Fetches a variant, starts the runtime and proves the variant on the golden cases. Then the version is the active one
   * of this device, whoever serves at the moment; a version that was opened as `served` or `shadow`, or is unsigned, is not.
   */
  load(request: LoadRequest): Promise<LoadedVariant>;
  /** Bytes of each variant's files that are not on the device yet, compressed, by its name. */
  missingBytes(): Promise<Readonly<Record<string, number>>>;
  /** Fetches its golden cases, which name shapes, and its variants without weights, where `pack` has made such files. */
  graphs(): Promise<VersionGraphs>;
  /**
   * Names the backend that answers after the fewest bytes, where nothing is known of the model yet. Undefined when none
   * of them loads a variant.
   */
  lightest(backends: readonly AvailableBackend[]): Promise<AvailableBackend | undefined>;
  /**
   * Answers cases of its own, between other runs, for a GPU to reproduce: an unsigned model has no golden ones. From then
   * on `time` runs the first of them.
   */
  answer(): Promise<Answers>;
  /** Runs the first golden case a few times, between other runs. @returns mean time of one, ms */
  time(): Promise<number>;
  /**
   * Runs one input, or several as a batch. The worker owns them: up to 64 KiB that nobody gave away was copied, the rest
   * transferred.
   */
  run(request: RunRequest): Promise<BatchReply>;
  /**
   * Takes the runs that were kept since the call before this one. From now on the `next`-th run in the foreground is kept, if it
   * ends well, with a copy of its input; then one in fifty, eight at most. Undefined keeps none.
   */
  sample(next: number | undefined): Promise<readonly SampledRun[]>;
  /** Asks a batch back that has not begun; `run` then answers `recalled`. */
  recall(id: number): Promise<void>;
  /** Begins a stream, which runs may name from now on. Its state, zeros at first, stays in the worker. */
  beginStream(id: number): Promise<void>;
  /** Forgets the state of a stream. Runs that name it later are `state-lost`. */
  endStream(id: number): Promise<void>;
  /** Times every operator over several runs of one input, where the runtime can tell. */
  profile(request: ProfileRequest): Promise<readonly OperatorTime[] | undefined>;
  /** Asks the repository what this device should run. */
  check(request: CheckRequest): Promise<UpdateCheck>;
  /** Counts one of a candidate's tries. @returns how many are left; undefined when none was */
  spendTry(sequence: number): Promise<number | undefined>;
  /** Gives a version up on this device. */
  reject(request: RejectRequest): Promise<void>;
  storage(): Promise<StorageReport>;
  /** Runs the first golden case once more, so that what a runtime prepares lazily is prepared. */
  warm(): Promise<void>;
  /** Ends downloads and waits for what is being stored: then the worker may be ended. */
  close(): Promise<void>;
}

/** A port's calls, answered. Nothing is ever thrown across, because a thrown error keeps only its message. */
export type AnsweredCalls = {
  readonly [Name in keyof ModelCalls]: (
    ...request: Parameters<ModelCalls[Name]>
  ) => Promise<Reply<Awaited<ReturnType<ModelCalls[Name]>>>>;
};

/** Those that go through Comlink. */
export type WorkerApi = Omit<AnsweredCalls, 'run'>;

/** `run` is a plain message, answered by `ran`: Comlink's own work takes a third of a small model's run. */
export interface RunMessage extends RunRequest {
  readonly nearside: 'run';
}

export function isRunMessage(data: Partial<RunMessage> | null): data is RunMessage {
  return data?.nearside === 'run';
}

export type Reply<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly error: WireError };

/** A version of the model: the one that serves, the one before it, or one that is to serve. */
export type WhichVersion =
  | { readonly kind: 'active' }
  | { readonly kind: 'previous'; readonly failed: number }
  | { readonly kind: 'candidate'; readonly sequence: number }
  /** It runs beside the one that serves, and never serves. */
  | { readonly kind: 'shadow'; readonly sequence: number }
  /** It serves on, and another one stays the active version of this device. */
  | { readonly kind: 'served'; readonly sequence: number };

/** Either of them vouches for a model: the pin of its repository, or the SHA-256 of one version's seal, in hex. */
export type TrustAnchor =
  | { readonly pin: string; readonly sealSha256: undefined }
  | { readonly pin: undefined; readonly sealSha256: string };

export interface OpenRequest {
  readonly which: WhichVersion;
  readonly address: ModelAddress;
  readonly trust: TrustAnchor;
  /** An earlier worker of this page has read it; undefined has this one read it. */
  readonly install: InstallIdentity | undefined;
  readonly store: StoreChoice;
  readonly request: RequestOptions | undefined;
  readonly mirrors: readonly Mirror[];
  /** The answer that the page got for the boot file, or for the seal; undefined where it has not asked. */
  readonly boot: BootAnswer | undefined;
  readonly maxBytes: number | undefined;
  /** The model's task that the caller expects, if it said so. */
  readonly task: string | undefined;
  /** Runtimes that some backend of this device has, not only this worker's. */
  readonly runtimes: readonly string[];
  readonly runtime: RuntimeRequest;
}

/** The worker's own runtime is started with this, unless it has been. */
export interface RuntimeRequest {
  /** The address of its wasm, or in Node the bytes; undefined for one without wasm. */
  readonly wasm: string | Uint8Array<ArrayBuffer> | undefined;
  /** Which file of ONNX Runtime that is, for the backend that has two. */
  readonly onnxRuntime: OnnxRuntime | undefined;
  /** Where `steps.js` is; its fragment, where there is one, is the hash that the file must have. */
  readonly stepsFile: string | undefined;
  /** CPU threads that are to share a run. */
  readonly threads: number | undefined;
  /** A version will be loaded here, as far as can be foreseen: the runtime can be started at once. */
  readonly isSure: boolean;
}

/** A model of `openUnsigned` as it goes to a worker. Blobs cross by reference. */
export interface UnsignedModel {
  readonly files: Readonly<Record<string, Blob>>;
  /** The spec as a user wrote it. */
  readonly spec: Readonly<Record<string, unknown>>;
  /** Bytes of the files that crossed the network. */
  readonly fetchedBytes: number;
  /** The time that this took, ms. */
  readonly fetchMs?: number;
  /** A GPU may serve, and `selfCheck` is not 'off': without golden cases it is compared with a CPU. */
  readonly wantsComparison: boolean;
}

export interface UnsignedRequest extends UnsignedModel {
  readonly runtime: RuntimeRequest;
}

/** Cases that a CPU has answered, as files. */
export interface Answers {
  /** golden.json and its tensors, by name; none where no case can tell right numbers from wrong ones. */
  readonly files: Readonly<Record<string, Blob>>;
  /** Why cases were left out. */
  readonly objections: readonly string[];
}

export interface VersionGraphs {
  readonly golden: Golden | undefined;
  /** By name: see `graphFileName`. */
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
  /** Bytes of each file of the version, with its weights, by name. */
  readonly fileBytes: Readonly<Record<string, number>>;
}

export interface FetchRequest {
  readonly variant: string;
}

export interface CheckRequest {
  /** Another tab's answer is used where it is no older than this, ms. */
  readonly maxAgeMs: number;
}

export interface RejectRequest {
  readonly sequence: number;
  readonly failure: ErrorCode;
}

export interface OpenedVersion {
  readonly release: ReleaseIdentity;
  readonly manifestSha256: string;
  readonly spec: ModelSpec;
  readonly origin: 'store' | 'network' | 'files';
  /** The side of a rollout that this install is on; undefined where there is none. */
  readonly assignment: Assignment | undefined;
  /** `ort-common.wasm` has all that its ONNX variants need, as its publisher has found. */
  readonly isCommon: boolean;
  /** Decides rollouts. */
  readonly install: InstallIdentity;
}

export interface LoadRequest {
  readonly variant: string;
}

export interface LoadedVariant {
  /** The spec with its tensors, where the file has told those that the spec left out. */
  readonly spec?: ModelSpec | undefined;
  readonly verdict: Verdict;
  /** Bytes of the variant's files that crossed the network in this call, not in `fetch` before it. */
  readonly fetchedBytes: number;
  /** Stored chunks that had been changed and were replaced while opening. */
  readonly healedChunks: number;
  /** CPU threads that share a run: on wasm the same input gives the same bits at the same number. */
  readonly threads: number;
  /** Why they are fewer than were asked for. */
  readonly threadsReason?: string | undefined;
  /** `cpu`, or the GPU as the browser names it. */
  readonly hardware: string;
  readonly times: LoadTimes;
  /** The worker's wasm memory, for all its models; unknown outside a worker of ours. */
  readonly heapBytes?: number | undefined;
  /** Undefined where the model has none. */
  readonly baseline?: BaselineKey | undefined;
  /** Distributions of the baseline in its order: drift on this device is measured against them. */
  readonly distributions?: Baseline['distributions'] | undefined;
}

/** A model's baseline as reports speak of it, by places in it. */
export interface BaselineKey {
  /** First 16 hex digits of its SHA-256. */
  readonly hash: string;
  /** Places of the distributions `confidence` and `class`; -1 where there is none. */
  readonly confidence: number;
  readonly class: number;
  /** Labels of the distribution `class`; any other label is counted behind them. */
  readonly labels: readonly string[];
}

/** An input on its way; the worker decodes it. */
export type WireInput =
  | { readonly kind: 'tensors'; readonly tensors: Tensors }
  | { readonly kind: 'image'; readonly image: WireImage }
  /** A record, sound, or an input of the app's own task: anything that can be cloned. */
  | {
      readonly kind: 'other';
      readonly value: unknown;
      /** Parts of it that can be given away. */
      readonly owned: readonly Transferable[];
      /** Features that a record leaves out, and whose remembered values are too old. */
      readonly stale?: readonly string[] | undefined;
    };

/** Lists the parts of an input that are given away with it. */
export function transferablesOf(input: WireInput): Transferable[] {
  if (input.kind === 'image') {
    const { image } = input;
    if ('data' in image) return [image.data.buffer];
    return 'close' in image ? [image] : []; // a Blob is never given away
  }
  if (input.kind === 'other') return [...input.owned];
  const buffers = Object.values(input.tensors).flatMap(({ data }) =>
    Array.isArray(data) ? [] : [data.buffer],
  );
  return [...new Set(buffers)];
}

/** Closes the pictures of an input that is done with, run or not: a camera has few frames. */
export function closePictures(input: WireInput): void {
  if (input.kind === 'tensors') return;
  for (const owned of transferablesOf(input)) if ('close' in owned) owned.close();
}

/** Blobs cross by reference; bitmaps, frames and pixel buffers are transferred. */
export type WireImage =
  | Blob
  | ImageBitmap
  | VideoFrame
  | {
      readonly data: Uint8ClampedArray<ArrayBuffer>;
      readonly width: number;
      readonly height: number;
    };

export interface ProfileRequest {
  readonly input: WireInput;
  readonly runs: number;
}

export interface RunRequest {
  /** No other batch of the page has this number, in whichever worker; `recall` names it. */
  readonly id: number;
  readonly inputs: readonly RunInput[];
  /** Priority among all models of the worker; `normal` by default. */
  readonly priority?: Priority | undefined;
  /** The inputs are frames of this stream: each runs alone, from the state that the one before it left. */
  readonly stream?: number | undefined;
  /** The batch may have to wait in the worker, which then tells when its turn has come. */
  readonly tellsBegun?: boolean | undefined;
}

export interface RunInput {
  readonly input: WireInput;
  readonly topK?: number | undefined;
}

export type BatchReply =
  /** Replies in the order of the inputs; a bad one fails alone. */
  | {
      readonly kind: 'done';
      readonly replies: readonly Reply<RunReply>[];
      /** As in {@link LoadedVariant}. */
      readonly heapBytes?: number | undefined;
    }
  /** Nothing was begun, and the inputs, with their buffers, are the caller's again. */
  | { readonly kind: 'recalled'; readonly inputs: readonly RunInput[] };

export interface RunReply {
  /** The task's output; that of the app's own task is anything that can be cloned. */
  readonly output: unknown;
  /** Inputs that ran together. */
  readonly batch: number;
  readonly times: RunTimes;
  /** Drift statistics need it; it is computed where the scores are. */
  readonly observation?: Observation | undefined;
}

/** One run in so many is a sample: a fleet has enough of them, and nobody notices the copy of an input. */
export const RUNS_PER_SAMPLE = 50;

/** A run that has ended well, and the input that another version can be asked. */
export interface SampledRun extends RunInput {
  readonly reply: Omit<RunReply, 'output'>;
}

/** Times, ms; `run` is that of the whole batch. */
export interface RunTimes {
  readonly pre: number;
  readonly run: number;
  readonly post: number;
}

/** One run as statistics keep it, without its input or its result. */
export interface Observation {
  /** The run's bin in each distribution of the model's baseline; -1 where nothing was seen. */
  readonly bins: readonly number[];
  /** A classifier's decision, or a regression's value. It stays on the device. */
  readonly predicted: string | number | undefined;
  /** Places of features that a default stood in for, with the reason. */
  readonly substituted: readonly (readonly [feature: number, reason: Substitution])[];
}

/** How the first message begins of a worker of any version. */
export const SAYS_READY = 'nearside-ready';

/** The first message of a worker that takes models, and of a port that takes calls. */
export const READY = `${SAYS_READY} ${LIBRARY_VERSION}`;

/** A worker asks for its runtime's module with this, and is answered with {@link WasmMessage}s. */
export const ASKS_WASM = 'nearside-wasm';

/** The size as it is sent, then the module: undefined where the worker is to compile for itself. */
export interface WasmMessage {
  readonly nearside: 'wasm';
  readonly sentBytes?: number;
  readonly module?: WebAssembly.Module | undefined;
}

export function isWasmMessage(data: unknown): data is WasmMessage {
  return (data as Partial<WasmMessage> | null)?.nearside === 'wasm';
}

/** A port for another model. This and {@link WasmMessage} are all that a worker takes itself. */
export interface AttachMessage {
  readonly nearside: 'attach';
  readonly port: MessagePort;
  /** Entries of the page's Resource Timing for the worker's file, as JSON. */
  readonly timings: string;
}

export function isAttachMessage(data: unknown): data is AttachMessage {
  return typeof data === 'object' && data !== null && 'nearside' in data && 'port' in data;
}

/** Messages beside Comlink's. */
export type WorkerEvent =
  /** The answer to a {@link RunMessage}. */
  | { readonly nearside: 'ran'; readonly id: number; readonly answer: Reply<BatchReply> }
  | { readonly nearside: 'progress'; readonly progress: Progress }
  | { readonly nearside: 'installation'; readonly event: InstallationEvent }
  /** It is a batch's turn: from now on it takes its own time. */
  | { readonly nearside: 'begun'; readonly id: number }
  /** Something failed outside any call: nobody can rely on the worker any more. */
  | { readonly nearside: 'failed'; readonly error: WireError };

/** A NearsideError on the wire. */
export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: ErrorDetails;
  readonly retryable: boolean;
  /** Messages of the causes, outermost first. */
  readonly causes: readonly string[];
}

/** Gives any failure in a worker one of the closed set of codes: `otherwise` where it has none. */
export function toWireError(error: unknown, otherwise: ErrorCode): WireError {
  if (!isNearsideError(error)) {
    const message = error instanceof Error ? error.message : String(error);
    return { code: otherwise, message, details: {}, retryable: false, causes: causesOf(error) };
  }
  const { code, message, details, retryable } = error;
  return { code, message, details, retryable, causes: causesOf(error) };
}

export function fromWireError({ code, message, details, retryable, causes }: WireError) {
  const cause = causes.reduceRight<Error | undefined>(
    (inner, text) => new Error(text, inner && { cause: inner }),
    undefined,
  );
  return new NearsideError(code, message, { cause, details, retryable });
}

function causesOf(error: unknown): string[] {
  const causes: string[] = [];
  let cause = error instanceof Error ? error.cause : undefined;
  while (cause !== undefined && causes.length < 8) {
    causes.push(cause instanceof Error ? cause.message : String(cause));
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return causes;
}

/** One end of a channel, such as a `MessagePort`, at which a model is served. */
export interface ServerEndpoint {
  postMessage(message: unknown, transfer?: unknown[]): void;
  addEventListener(type: string, listener: unknown, options?: object): void;
  removeEventListener(type: string, listener: unknown, options?: object): void;
  start?(): void;
}

/** Serves another model, at an endpoint. @returns a function that ends it and frees the model */
export type Attach = (
  endpoint: ServerEndpoint,
  environment?: { readonly openStore: OpenStore; readonly timings?: string },
) => () => Promise<void>;
