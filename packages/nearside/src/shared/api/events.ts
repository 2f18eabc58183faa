import type { ErrorCode } from '@nearside/core';
import type { ChoiceOrigin } from './backends.js';
import type { RunMeta } from './run.js';

/** How far one distribution of `baseline.json` has moved. It stays on the device. */
export interface DriftScore {
  /** The distribution's name there, such as `confidence`. */
  readonly distribution: string;
  /** It is a distribution of how sure the model is, of what comes out, or of what goes in. */
  readonly kind: 'score' | 'output' | 'input';
  /** Runs in which it was observed since the version runs. */
  readonly observations: number;
  /**
   * Population stability index less what chance adds to it, from 0: below 0.1 is little, from 0.25 on much. Undefined
   * below 50 observations, or where the baseline holds too little to compare.
   */
  readonly psi: number | undefined;
}

/** A score that is large enough to tell listeners. */
export interface DetectedDrift extends DriftScore {
  readonly psi: number;
}

/** The events of an open model, by name. */
export interface ModelEvents {
  'run-end': {
    readonly id: string;
    readonly ok: boolean;
    readonly code?: ErrorCode | undefined;
    readonly totalMs: number;
    /** As the result has it; undefined for a run without one. */
    readonly meta?: RunMeta | undefined;
  };
  'backend-selected': {
    readonly backend: string;
    readonly variant: string;
    readonly origin: ChoiceOrigin;
  };
  'backend-quarantined': {
    readonly backend: string;
    readonly variant: string | undefined;
    readonly code: ErrorCode;
    readonly message: string;
  };
  /** The model needs more of ONNX Runtime than its common file has: from now on the full one serves it here. */
  'runtime-fallback': {
    readonly version: string;
    readonly code: ErrorCode;
    readonly message: string;
  };
  'chunk-healed': { readonly sha256: string };
  'metadata-stale': { readonly role: string; readonly expires: string };
  /** Fetched, loaded and checked: it takes over now, or at the next `open` if its interface differs. */
  'version-ready': { readonly version: string; readonly sequence: number };
  'version-swapped': { readonly from: string; readonly to: string };
  /** It served, or was to serve at an `open`, and the one before it serves. */
  'version-rolled-back': { readonly from: string; readonly to: string; readonly code: ErrorCode };
  /** Loaded or checked beside the one that serves, in vain, for the first time; it is tried once more, unless no try would help. */
  'version-failed': { readonly version: string; readonly code: ErrorCode };
  /** Offered to this device, but it needs a newer library. */
  'version-unsupported': { readonly version: string; readonly sequence: number };
  'storage-evicted': {
    readonly model: string;
    readonly version: string;
    readonly sizeBytes: number;
  };
  /** A score of `stats().drift` is large, and chance does not explain it; once for each distribution. */
  'drift-detected': DetectedDrift;
  'report-sent': { readonly id: string };
  'report-dropped': { readonly id: string; readonly reason: string };
}

export type ModelEventName = keyof ModelEvents;

const EVENT_NAMES: readonly ModelEventName[] = [
  'run-end',
  'backend-selected',
  'backend-quarantined',
  'runtime-fallback',
  'chunk-healed',
  'metadata-stale',
  'version-ready',
  'version-swapped',
  'version-failed',
  'version-rolled-back',
  'version-unsupported',
  'storage-evicted',
  'drift-detected',
  'report-sent',
  'report-dropped',
];

export interface ModelEmitter {
  emit<Name extends ModelEventName>(name: Name, event: ModelEvents[Name]): void;
  /** @returns a function that takes the listener off again */
  on<Name extends ModelEventName>(
    name: Name,
    listener: (event: ModelEvents[Name]) => void,
  ): () => void;
  /** Hears every event from now on, and those that are kept. Takes none from a listener. */
  tap(listener: Tap): void;
}

type Tap = <Name extends ModelEventName>(name: Name, event: ModelEvents[Name]) => void;

/** So many events of a kind are kept while nobody listens: opening has its own before anybody can. */
const KEPT_EVENTS = 32;

/**
 * Typed events. Those before the first listener of a kind (a chunk healed while opening, say) are kept and handed to
 * that listener.
 */
export function createModelEmitter(): ModelEmitter {
  const listeners = new Map<ModelEventName, Set<(event: never) => void>>();
  const kept = new Map<ModelEventName, unknown[]>();
  let tapped: Tap | undefined;

  return {
    emit(name, event) {
      tapped?.(name, event);
      const heard = listeners.get(name);
      if (heard) {
        for (const listener of [...heard]) notify(listener, event as never);
        return;
      }
      const events = kept.get(name) ?? [];
      if (events.length < KEPT_EVENTS) kept.set(name, [...events, event]);
    },
    on(name, listener) {
      if (!EVENT_NAMES.includes(name)) {
        throw new TypeError(`on: expected one of ${EVENT_NAMES.join(', ')}; got '${String(name)}'`);
      }
      if (typeof listener !== 'function') {
        throw new TypeError(`on: expected a function as listener; got ${typeof listener}`);
      }
      const heard = listeners.get(name) ?? new Set();
      listeners.set(name, heard.add(listener as (event: never) => void));
      const missed = (kept.get(name) ?? []) as Parameters<typeof listener>[0][];
      kept.delete(name);
      // Told later, so that a listener may use what this returns.
      queueMicrotask(() => {
        for (const event of missed) if (heard.has(listener as never)) notify(listener, event);
      });
      return () => heard.delete(listener as (event: never) => void);
    },
    tap(listener) {
      for (const [name, events] of kept) for (const event of events) listener(name, event as never);
      tapped = listener;
    },
  };
}

/** A listener that throws is the page's own failure, reported there, and stops nothing here. */
export function notify<Event>(listener: (event: Event) => void, event: Event): void {
  try {
    listener(event);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
