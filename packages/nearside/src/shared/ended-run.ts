import type { ErrorCode, Variant } from '@nearside/core';
import type { AvailableBackend } from './api/backends.js';
import type { ModelEmitter } from './api/events.js';
import type { RunMeta } from './api/run.js';
import type { LoadedVariant, OpenedVersion, RunReply } from './protocol.js';

/** A version of the model, as a variant on a backend, for reports and observers. */
export interface ServedVersion {
  /** Without a `manifestSha256` no version is known. */
  readonly version: Pick<OpenedVersion, 'release' | 'manifestSha256' | 'assignment'>;
  readonly variant: Pick<Variant, 'name'>;
  readonly backend: AvailableBackend;
  /** Undefined where it was not loaded. */
  readonly loaded?: Pick<LoadedVariant, 'baseline' | 'distributions'> | undefined;
}

/** Good runs after which a version has settled in on a device. */
export const SETTLING_RUNS = 3;

/** A run that has ended. Observers are told of each run with an id once. */
export interface EndedRun {
  readonly id: string;
  /** The version that did it, or was to do it. */
  readonly served: ServedVersion;
  /** From the call to its end, ms. */
  readonly totalMs: number;
  /** Calls that were before it in the queue. */
  readonly waiting: number;
  /** Undefined for a call of `run`. */
  readonly series: 'score' | 'stream' | undefined;
  /** The caller's span, as W3C Trace Context has it. */
  readonly traceparent?: string | undefined;
  /** Undefined for a run without a result. */
  readonly meta?: RunMeta | undefined;
  /** `queueMs` is all but the stages: waiting here, the way there and back, waiting there. */
  readonly outcome:
    | { readonly kind: 'ok'; readonly reply: RunReply; readonly queueMs: number }
    | { readonly kind: 'failed'; readonly code: ErrorCode; readonly error: unknown }
    /** The caller has changed its mind, or closed the model. */
    | { readonly kind: 'aborted' }
    /** The app's own function answered. */
    | { readonly kind: 'fell-back'; readonly error: unknown };
}

/** One input's share of the steps of its run, ms. */
export function timeOf({ times, batch }: Pick<RunReply, 'times' | 'batch'>): number {
  return (times.pre + times.run + times.post) / batch;
}

export type RunObserver = (run: EndedRun) => void;

/** Tells listeners of `run-end`. */
export function announceRun(emitter: ModelEmitter): RunObserver {
  return ({ id, totalMs, outcome, meta }) => {
    const code = outcome.kind === 'failed' ? outcome.code : undefined;
    emitter.emit('run-end', { id, ok: !!meta, totalMs, code, meta });
  };
}
