import type { ErrorCode } from '@nearside/core';
import type { AvailableBackend } from './backends.js';
import type { OpenOptions, UnsignedSpec } from './open-options.js';

/** What a rehearsal may cost, and what it is held to. */
export interface RehearsalLimits {
  /** Of starting, warming up and timing all backends, not of downloads, ms; 10,000 by default. */
  readonly maxMs?: number | undefined;
  /** Of runtimes that are started for it, compressed; 10,000,000 by default. Others are not tried. */
  readonly maxBytes?: number | undefined;
  /** Of the model, bytes; by default what the device says that it has, and never more than 4 GiB. */
  readonly memoryBudgetBytes?: number | undefined;
}

/** What `canRun` takes with an address. `trust` alone is required. */
export interface CanRunOptions
  extends RehearsalLimits,
    Pick<
      OpenOptions,
      | 'trust'
      | 'backend'
      | 'signal'
      | 'assets'
      | 'request'
      | 'store'
      | 'mirrors'
      | 'threads'
      | 'worker'
    > {}

/** What `canRun` takes with files. */
export interface CanRunFilesOptions
  extends RehearsalLimits,
    Pick<OpenOptions, 'backend' | 'signal' | 'assets' | 'threads' | 'worker'> {
  /** As of `openUnsigned`: `inputs` with whole shapes pins the axes that the file leaves free. */
  readonly spec?: UnsignedSpec | undefined;
}

/** Whether a model will run here, as far as that can be told without its weights. */
export interface CanRun {
  /** `no` where nothing here can load it; `unknown` where that could not be found out. */
  readonly verdict: 'yes' | 'no' | 'unknown';
  /** The verdict as a boolean; undefined where it is `unknown`. */
  readonly fits: boolean | undefined;
  /** Median of a run's time on the fastest backend, ms: of the model alone, on its first golden case's shapes. */
  readonly estimatedMs: number | undefined;
  /** What the model needs, bytes: what it declares, or what the fastest backend was seen to hold if that is more. */
  readonly memoryBytes: number;
  /** What `open` would still have to fetch for that backend and variant, compressed. */
  readonly downloadBytes: number;
  /** The fastest; where none ran, the one with the smallest download. Undefined where none loads such a model. */
  readonly backend: AvailableBackend | undefined;
  readonly variant: string | undefined;
  /** Every variant on every backend, in the order in which they were tried. */
  readonly rows: readonly RehearsalRow[];
}

/** What came of a variant on a backend. */
export interface RehearsalRow {
  readonly backend: AvailableBackend;
  readonly variant: string;
  /** Median of a run's time, ms; undefined where it did not run. */
  readonly estimatedMs: number | undefined;
  /** What its worker's wasm memory held after the runs, bytes; undefined where nobody can tell. */
  readonly heapBytes: number | undefined;
  /** CPU threads that shared a run; undefined where it did not run. */
  readonly threads: number | undefined;
  /** What `open` would still have to fetch, compressed. */
  readonly downloadBytes: number;
  /** Why it did not run, or was not tried. */
  readonly code: ErrorCode | undefined;
  readonly message: string | undefined;
}
