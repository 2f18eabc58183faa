import type { ErrorCode, Variant } from '@nearside/core';
import type { AvailableBackend } from './api/backends.js';
import type { ModelEmitter } from './api/events.js';
import type { LoadedVariant, OpenedVersion, RunReply } from './protocol.js';

/** A version of the model, as a variant on a backend: what a report and an observer know of what serves. */
export interface ServedVersion {
  /** Without a `manifestSha256` no version is known. */
  readonly version: Pick<OpenedVersion, 'release' | 'manifestSha256' | 'assignment'>;
  readonly variant: Pick<Variant, 'name'>;
  readonly backend: AvailableBackend;
  /** Undefined where it was not loaded. */
  readonly loaded?: Pick<LoadedVariant, 'baseline' | 'distributions'> | undefined;
}

/** How a run ended. Observers are told once for each run that was given an id. */
export interface EndedRun {
  readonly id: string;
  /** What did it, or was to do it. */
  readonly served: ServedVersion;
  /** From the call to its end, ms. */
  readonly totalMs: number;
  /** Calls that were before it in the queue. */
  readonly waiting: number;
  /** Undefined for a call of `run`. */
  readonly series: 'score' | 'stream' | undefined;
  /** Of the caller's span, as W3C Trace Context has it. */
  readonly traceparent?: string | undefined;
  readonly outcome: /** `queueMs` is what is not a stage of its own: waiting here, the hop, waiting there. */
    | { readonly kind: 'ok'; readonly reply: RunReply; readonly queueMs: number }
    | { readonly kind: 'failed'; readonly code: ErrorCode }
    /** The caller has changed its mind, or closed the model. */
    | { readonly kind: 'aborted' }
    /** The app's own function answered. */
    | { readonly kind: 'fell-back' };
}

export type RunObserver = (run: EndedRun) => void;

/** Has listeners of `run-end` told. */
export function announceRun(emitter: ModelEmitter): RunObserver {
  return ({ id, totalMs, outcome }) => {
    if (outcome.kind === 'failed') {
      emitter.emit('run-end', { id, ok: false, totalMs, code: outcome.code });
    } else {
      emitter.emit('run-end', { id, ok: outcome.kind !== 'aborted', totalMs });
    }
  };
}
