import type { OnnxRuntime } from '../../shared/api/backends.js';
import type { StartWorker } from '../../shared/api/open-options.js';

/** A worker in a browser, the same thread in Node. It runs a backend for several models. */
export interface BackendWorker {
  /** The runtime's wasm, if it has one: an address, or bytes where `fetch` cannot reach it. */
  readonly runtimeWasm: string | Uint8Array<ArrayBuffer> | undefined;
  /** Address of `steps.js`. */
  readonly stepsFile: string;
  /** It has said that it is ready: when it is silent after that, it is busy. */
  readonly isReady: boolean;
  /** Opens a channel to a model of its own; its other end arrives when the worker is ready. */
  attach(): { readonly endpoint: MessagePort; close(): void };
  /** Called at most once, when the worker dies by itself. */
  onFailure(listener: (failure: WorkerFailure) => void): void;
  /** Ends it at once, whatever it is doing. */
  terminate(): void;
}

export interface WorkerFailure {
  readonly message: string;
  readonly cause?: unknown;
  /** The library's own file, where it did not load. */
  readonly script?: string | undefined;
  /** Another model of the same worker is to blame. */
  readonly isAnothers?: boolean | undefined;
}

export interface WorkerSource {
  /** The file of ONNX Runtime, for the backend that has two. */
  readonly runtime: OnnxRuntime | undefined;
  /** Folder of a copy of `dist/assets`. */
  readonly assets: string | undefined;
  readonly worker: StartWorker | undefined;
  /** It is for unsigned files. */
  readonly isUnsigned: boolean;
  /** A version will be loaded in it, as far as can be foreseen. */
  readonly isSure: boolean;
}
