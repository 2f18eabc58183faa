import type { BackendName, ErrorCode } from '@nearside/core';

/** Backends that this build has a worker for. */
export const AVAILABLE_BACKENDS = [
  'onnx-wasm',
  'tfjs-wasm',
  'onnx-webgpu',
  'tfjs-webgpu',
] as const satisfies BackendName[];

export type AvailableBackend = (typeof AVAILABLE_BACKENDS)[number];

/** `open` tries these by itself, the lightest runtime first. A GPU serves after a measurement, or where it is asked for. */
export const DEFAULT_BACKENDS = ['tfjs-wasm', 'onnx-wasm'] as const satisfies AvailableBackend[];

/** A file of ONNX Runtime for CPUs: the part that most models use, or all. */
export type OnnxRuntime = 'common' | 'full';

/**
 * How far a backend's numbers were checked. `proven`: it has reproduced golden outputs of another runtime. `consistent`: it
 * has reproduced those of the same runtime on a CPU, and what is wrong on both was not found. `unproven`: it was compared
 * with nothing, in `openUnsigned` alone.
 */
export type Verdict = 'proven' | 'consistent' | 'unproven';

export interface BackendVerdict {
  readonly backend: AvailableBackend;
  /** Undefined where the model has none for it. */
  readonly variant?: string | undefined;
  /**
   * `slower` and `faster` were timed beside the one that serves; `message` says why one is `untried`, and when a
   * `faster` one takes over. One that is `consistent` or `unproven` serves: see {@link Verdict}.
   */
  readonly verdict:
    | 'serving'
    | 'consistent'
    | 'unproven'
    | 'slower'
    | 'faster'
    | 'quarantined'
    | 'untried';
  /** Bytes of runtime and weights that were not on the device yet when it was looked at. */
  readonly bytes?: number | undefined;
  /** Median of a run of the first golden case, or of its `warmUp`, ms, where it was timed on this device. */
  readonly p50Ms?: number | undefined;
  /** Only the backend that serves has these three. */
  readonly hardware?: string | undefined;
  readonly threads?: number | undefined;
  /** From the moment when the version was known: waiting for the runtime, starting it, session and golden check, ms. */
  readonly startupMs?: number | undefined;
  /**
   * The reason why it was quarantined, and of the one that serves that a page died for it; `message` also says why it was
   * not tried, and of the one that serves why it has fewer threads than `threads` asks for.
   */
  readonly code?: ErrorCode | undefined;
  readonly message?: string | undefined;
}

/** A backend's failure on this device. */
export interface BackendFailure {
  readonly backend: AvailableBackend;
  /** Undefined when it failed before one was chosen. */
  readonly variant: string | undefined;
  readonly code: ErrorCode;
  readonly message: string;
}

/** A failure that is held against a contender. */
export interface Quarantined extends BackendFailure {
  /** Unix time, ms. */
  readonly atMs: number;
}

/** A page that died while it was at work for a model. */
export interface LostPage {
  /** As `docs/guide/backends.md` explains them. */
  readonly phase: 'opening' | 'loading' | 'running' | 'warming' | 'tuning' | 'updating';
  /** Undefined where it died before one was chosen. */
  readonly backend: AvailableBackend | undefined;
  readonly variant: string | undefined;
  /** CPU threads that shared the work. */
  readonly threads: number;
  /** Unix time, ms. */
  readonly atMs: number;
  /** The same was lost twice within 30 days: it is not tried again until version, browser, library or GPU change. */
  readonly isLasting: boolean;
}

/**
 * Why the contender that serves was chosen: the caller named it; nothing was known, so the prior order
 * decided; it served or won here before; it won a measurement of this visit; others failed; none serves
 * and the app's own function answers.
 */
export type ChoiceOrigin =
  | 'forced'
  | 'prior'
  | 'remembered'
  | 'measured'
  | 'others-failed'
  | 'none';

/** The time that one node of a model takes. */
export interface OperatorTime {
  /** As the model names the node; the runtime may have fused several into one. */
  readonly name: string;
  /** The runtime's name of its kind, such as `Conv`. */
  readonly operator: string;
  readonly medianMs: number;
  /** Share of the time of all nodes, 0 … 1. */
  readonly share: number;
}
