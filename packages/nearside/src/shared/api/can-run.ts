import type { ErrorCode } from '@nearside/core';
import type { AvailableBackend } from './backends.js';
import type { OpenOptions, UnsignedSpec } from './open-options.js';

/** Limits of a rehearsal, and of the memory that it is held to. */
export interface RehearsalLimits {
  /** Time for starting, warming up and timing all backends, without downloads, ms; 10,000 by default. */
  readonly maxMs?: number | undefined;
  /** Compressed bytes of runtimes that are started for it; 10,000,000 by default. Others are not tried. */
  readonly maxBytes?: number | undefined;
  /** Memory of the model, bytes; by default that of the device, where it tells, and never more than 4 GiB. */
  readonly memoryBudgetBytes?: number | undefined;
}

/** Options of `canRun` with an address. Exactly one of `trust` and `integrity` is required. */
export interface CanRunOptions
  extends RehearsalLimits,
    Pick<
      OpenOptions,
      | 'trust'
      | 'integrity'
      | 'backend'
      | 'signal'
      | 'assets'
      | 'request'
      | 'store'
      | 'mirrors'
      | 'threads'
      | 'worker'
    > {}

/** Options of `canRun` with files. */
export interface CanRunFilesOptions
  extends RehearsalLimits,
    Pick<OpenOptions, 'backend' | 'signal' | 'assets' | 'threads' | 'worker'> {
  /** The spec of `openUnsigned`: `inputs` with whole shapes pins the axes that the file leaves free. */
  readonly spec?: UnsignedSpec | undefined;
}

/** Tells whether a model will run here, as far as that is known without its weights. */
export interface CanRun {
  /** `no` where nothing here can load it; `unknown` where that could not be found out. */
  readonly verdict: 'yes' | 'no' | 'unknown';
  /** The verdict as a boolean; undefined where it is `unknown`. */
  readonly fits: boolean | undefined;
  /** Median of a run's time on the fastest backend, ms: of the model alone, on its first golden case's shapes. */
  readonly estimatedMs: number | undefined;
  /** Memory that the model declares, bytes, or that the fastest backend held, if that was more. */
  readonly memoryBytes: number;
  /** Compressed bytes that `open` would still have to fetch for that backend and variant. */
  readonly downloadBytes: number;
  /**
   * The fastest, where a variant with the `dtype` of an earlier one does not count; where none ran, the one with the smallest
   * download. Undefined where none loads such a model.
   */
  readonly backend: AvailableBackend | undefined;
  readonly variant: string | undefined;
  /** Every variant on every backend, in the order in which they were tried. */
  readonly rows: readonly RehearsalRow[];
}

/** The result of a variant on a backend. */
export interface RehearsalRow {
  readonly backend: AvailableBackend;
  readonly variant: string;
  /** Median of a run's time, ms; undefined where it did not run. */
  readonly estimatedMs: number | undefined;
  /** Its worker's wasm memory after the runs, bytes; undefined where nobody can tell. */
  readonly heapBytes: number | undefined;
  /** CPU threads that shared a run; undefined where it did not run. */
  readonly threads: number | undefined;
  /** Compressed bytes that `open` would still have to fetch. */
  readonly downloadBytes: number;
  /**
   * The reason why it did not run, or was not tried: `page-lost` where `open` would leave it out. After pages died the
   * `message` of one that ran says how careful `open` would be.
   */
  readonly code: ErrorCode | undefined;
  readonly message: string | undefined;
}
