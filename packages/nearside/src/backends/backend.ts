import type { VerifiedBytes } from '@nearside/artifact';
import type { Backend as BackendName, ModelSpec, Runtime, Tensors, Variant } from '@nearside/core';

/**
 * One way of running a model: a runtime on a piece of hardware. A backend knows nothing of where
 * bytes come from, of images or of results; it takes verified files and plain tensors, and a
 * runtime's own tensors never leave its file.
 */
export interface Backend {
  readonly name: BackendName;
  /** Which variants it can load. */
  readonly runtime: Runtime;
  /**
   * Starts the runtime, once.
   *
   * @throws NearsideError `wasm-blocked` or `backend-failed`
   */
  start(wasm: Uint8Array<ArrayBuffer>): Promise<void>;
  /**
   * Loads a variant whose files are given by name.
   *
   * @throws NearsideError `backend-failed` or `operator-unsupported`
   */
  createSession(request: SessionRequest): Promise<BackendSession>;
}

export interface SessionRequest {
  readonly spec: ModelSpec;
  readonly variant: Variant;
  readonly files: ReadonlyMap<string, VerifiedBytes>;
}

/** A loaded model. Runs are sequential: the caller waits for one before it starts the next. */
export interface BackendSession {
  /**
   * @param inputs every tensor of `spec.inputs`; left untouched
   * @returns every tensor of `spec.outputs`, in buffers of their own
   * @throws NearsideError `backend-failed`; the next run is not affected
   */
  run(inputs: Tensors): Promise<Tensors>;
  /** Frees what the runtime holds for it. Safe to call twice. */
  release(): Promise<void>;
}
