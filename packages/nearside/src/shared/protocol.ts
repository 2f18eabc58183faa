import type {
  Assignment,
  BootAnswer,
  InstallationEvent,
  Mirror,
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
import type { AvailableBackend, OperatorTime } from './api/backends.js';
import type { LoadTimes } from './api/model.js';
import type { Progress, StoreChoice } from './api/open-options.js';
import type { Priority } from './api/run.js';
import type { InstallIdentity, OpenStore } from './install.js';

/**
 * The whole worker boundary: what crosses, in which form, and who owns it afterwards. Both sides
 * import this file and run nothing of each other.
 *
 * A worker serves models on one backend, each at a port of its own ({@link AttachMessage}). These are
 * the calls to one of them; they go through Comlink as {@link WorkerApi}. The worker and each port announce
 * themselves with {@link READY}; ports send {@link WorkerEvent}s beside the replies.
 */
export interface ModelCalls {
  /** Finds, verifies and opens a version. Undefined when there is no previous one to go back to. */
  open(request: OpenRequest): Promise<OpenedVersion | undefined>;
  /** Takes a model as files that nobody vouches for, instead of `open`; nothing of it is kept. */
  openUnsigned(request: UnsignedRequest): Promise<OpenedVersion>;
  /** Fetches what a variant of it needs and is not on the device yet. */
  fetch(request: FetchRequest): Promise<void>;
  /**
   * Fetches one variant of it, starts the runtime, proves it on the golden cases; then the version is
   * the active one of this device, whoever serves at the moment. Not one that was opened as `served`, nor
   * one that is unsigned.
   */
  load(request: LoadRequest): Promise<LoadedVariant>;
  /** Bytes of each variant's files that are not on the device yet, compressed, by its name. */
  missingBytes(): Promise<Readonly<Record<string, number>>>;
  /** Fetches its variants without their weights, where `pack` has made such files; and its golden cases, which name shapes. */
  graphs(): Promise<VersionGraphs>;
  /**
   * Which of these backends answers after the fewest bytes: where nothing is known of the model yet.
   * Undefined when none of them loads a variant.
   */
  lightest(backends: readonly AvailableBackend[]): Promise<AvailableBackend | undefined>;
  /** Runs the first golden case a few times, between other runs. @returns mean time of one, ms */
  time(): Promise<number>;
  /**
   * Runs one input, or several as a batch. The worker owns them: up to 64 KiB that nobody gave away was
   * copied, the rest transferred.
   */
  run(request: RunRequest): Promise<BatchReply>;
  /** Asks a batch back that has not begun; `run` then answers `recalled`. */
  recall(id: number): Promise<void>;
  /** From now on runs may name this stream, whose state stays in the worker: zeros at first. */
  beginStream(id: number): Promise<void>;
  /** Forgets its state. Runs that name it later are `state-lost`. */
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

/** What a port takes: nothing is ever thrown across, because a thrown error keeps only its message. */
export type WorkerApi = {
  readonly [Name in keyof ModelCalls]: (
    ...request: Parameters<ModelCalls[Name]>
  ) => Promise<Reply<Awaited<ReturnType<ModelCalls[Name]>>>>;
};

export type Reply<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly error: WireError };

/** Which version of the model: the one that serves, the one before it, or one that is to serve. */
export type WhichVersion =
  | { readonly kind: 'active' }
  | { readonly kind: 'previous'; readonly failed: number }
  | { readonly kind: 'candidate'; readonly sequence: number }
  /** It serves on, and another one stays the active version of this device. */
  | { readonly kind: 'served'; readonly sequence: number };

export interface OpenRequest {
  readonly which: WhichVersion;
  readonly url: string;
  readonly pin: string;
  /** Read by an earlier worker of this page; undefined has this one read it. */
  readonly install: InstallIdentity | undefined;
  readonly store: StoreChoice;
  readonly request: RequestOptions | undefined;
  readonly mirrors: readonly Mirror[];
  /** What the page was answered that asked for the boot file; undefined where it has not. */
  readonly boot: BootAnswer | undefined;
  readonly maxBytes: number | undefined;
  /** The model's task that the caller expects, if it said so. */
  readonly task: string | undefined;
  /** Runtimes that some backend of this device has, not only this worker's. */
  readonly runtimes: readonly string[];
  readonly runtime: RuntimeRequest;
}

/** What the worker's own runtime is to be started with, unless it has been. */
export interface RuntimeRequest {
  /** Where its wasm is: an address, or in Node the bytes; undefined for one without wasm. */
  readonly wasm: string | Uint8Array<ArrayBuffer> | undefined;
  /** Where `steps.js` is; its fragment, where there is one, is the hash that the file must have. */
  readonly stepsFile: string | undefined;
  /** CPU threads that a run is to be shared between. */
  readonly threads: number | undefined;
  /** A version will be loaded here, as far as can be foreseen: what does not hang on it can begin at once. */
  readonly isSure: boolean;
}

/** Blobs cross by reference. */
export interface UnsignedFiles {
  readonly files: Readonly<Record<string, Blob>>;
  /** As a user wrote it. */
  readonly spec: Readonly<Record<string, unknown>>;
}

export interface UnsignedRequest extends UnsignedFiles {
  readonly runtime: RuntimeRequest;
}

export interface VersionGraphs {
  readonly golden: Golden | undefined;
  /** By name: see `graphFileName`. */
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

export interface FetchRequest {
  readonly variant: string;
}

export interface CheckRequest {
  /** What another tab has asked so recently is not asked again, ms. */
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
  /** Whether `ort-common.wasm` has all that its ONNX variants need, as its publisher has found. */
  readonly isCommon: boolean;
  /** Who this device is to itself: decides rollouts. */
  readonly install: InstallIdentity;
}

export interface LoadRequest {
  readonly variant: string;
}

export interface LoadedVariant {
  /** Where the file said what the spec leaves out: the spec with its tensors. */
  readonly spec?: ModelSpec | undefined;
  /** Whether it has reproduced golden outputs; there may be none in `openUnsigned` alone. */
  readonly isProven: boolean;
  /** Bytes of the variant's files that crossed the network in this call, not in `fetch` before it. */
  readonly fetchedBytes: number;
  /** Stored chunks that had been changed and were replaced while opening. */
  readonly healedChunks: number;
  /** CPU threads that share a run: on wasm the same input gives the same bits at the same number. */
  readonly threads: number;
  /** `cpu`, or the GPU as the browser names it. */
  readonly hardware: string;
  readonly times: LoadTimes;
  /** What the worker's wasm memory holds, for all its models; unknown outside a worker of ours. */
  readonly heapBytes?: number | undefined;
  /** Undefined where the model has none. */
  readonly baseline?: BaselineKey | undefined;
  /** Of the baseline, in its order: what drift on this device is against. */
  readonly distributions?: Baseline['distributions'] | undefined;
}

/** How reports speak of a model's baseline: by places in it. */
export interface BaselineKey {
  /** First 16 hex digits of its SHA-256. */
  readonly hash: string;
  /** Places of the distributions `confidence` and `class`; -1 where there is none. */
  readonly confidence: number;
  readonly class: number;
  /** Of the distribution `class`; what has none of these is counted behind them. */
  readonly labels: readonly string[];
}

/** What crosses as input: decoded in the worker. */
export type WireInput =
  | { readonly kind: 'tensors'; readonly tensors: Tensors }
  | { readonly kind: 'image'; readonly image: WireImage }
  /** A record, sound, or what a task of the app's own takes: anything that can be cloned. */
  | {
      readonly kind: 'other';
      readonly value: unknown;
      /** What in it can be given away. */
      readonly owned: readonly Transferable[];
      /** Features that a record leaves out, and of which only values are remembered that are too old. */
      readonly stale?: readonly string[] | undefined;
    };

/** What is given away with an input. */
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

/** Of an input that is done with, run or not: a camera has few frames. */
export function closePictures(input: WireInput): void {
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
  /** Of the page, for `recall`: no other batch has it, in whichever worker. */
  readonly id: number;
  readonly inputs: readonly RunInput[];
  /** Among all models of the worker; `normal` by default. */
  readonly priority?: Priority | undefined;
  /** The inputs are frames of it: each runs alone, from the state that the one before it left. */
  readonly stream?: number | undefined;
  /** It may have to wait there, and is to say when its turn has come. */
  readonly tellsBegun?: boolean | undefined;
}

export interface RunInput {
  readonly input: WireInput;
  readonly topK?: number | undefined;
}

export type BatchReply =
  /** In the order of the inputs; a bad one fails alone. */
  | {
      readonly kind: 'done';
      readonly replies: readonly Reply<RunReply>[];
      /** As in {@link LoadedVariant}. */
      readonly heapBytes?: number | undefined;
    }
  /** Nothing was begun: the inputs, with their buffers, are the caller's again. */
  | { readonly kind: 'recalled'; readonly inputs: readonly RunInput[] };

export interface RunReply {
  /** As the task says; of a task of the app's own, anything that can be cloned. */
  readonly output: unknown;
  /** Inputs that ran together. */
  readonly batch: number;
  readonly times: RunTimes;
  /** What drift statistics need, computed where the scores are. */
  readonly observation?: Observation | undefined;
}

/** Milliseconds; `run` is of the whole batch. */
export interface RunTimes {
  readonly pre: number;
  readonly run: number;
  readonly post: number;
}

/** What statistics keep of one run. Never an input or a result itself. */
export interface Observation {
  /** The bin that this run falls into, of each distribution of the model's baseline; -1 where nothing was seen. */
  readonly bins: readonly number[];
  /** What a classifier decided for, or a regression's value: it stays on the device. */
  readonly predicted: string | number | undefined;
  /** Places of features that a default stood in for, and why. */
  readonly substituted: readonly (readonly [feature: number, reason: Substitution])[];
}

/** The first message of a worker that takes models, and of a port that takes calls. */
export const READY = 'nearside-ready';

/** The one message that a worker takes itself: a port for one model more. */
export interface AttachMessage {
  readonly nearside: 'attach';
  readonly port: MessagePort;
}

export function isAttachMessage(data: unknown): data is AttachMessage {
  return typeof data === 'object' && data !== null && 'nearside' in data && 'port' in data;
}

/** Beside the replies. */
export type WorkerEvent =
  | { readonly nearside: 'progress'; readonly progress: Progress }
  | { readonly nearside: 'installation'; readonly event: InstallationEvent }
  /** It is a batch's turn: what takes long from now on is its own run. */
  | { readonly nearside: 'begun'; readonly id: number }
  /** Something failed outside any call: the worker can no longer be relied on. */
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

/** Any failure in a worker becomes one of the closed set of codes; `otherwise` names the rest. */
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

export type { InstallIdentity } from './install.js';

/** One end of a channel, such as a `MessagePort`: what a model is served at. */
export interface ServerEndpoint {
  postMessage(message: unknown, transfer?: unknown[]): void;
  addEventListener(type: string, listener: unknown, options?: object): void;
  removeEventListener(type: string, listener: unknown, options?: object): void;
  start?(): void;
}

/** Serves one model more, at an endpoint. @returns a function that ends it and frees the model */
export type Attach = (
  endpoint: ServerEndpoint,
  environment?: { readonly openStore: OpenStore },
) => () => Promise<void>;
