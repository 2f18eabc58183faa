import type { Output } from '@nearside/pipeline';
import type { RunOptions, RunResult } from './run.js';

/**
 * Results as they come. Leaving the loop ends them at once, as `return()` does, even while a `next()` waits. Nobody waits
 * for their source.
 */
export interface Results<Value>
  extends AsyncIterableIterator<Value, void, undefined>,
    AsyncDisposable {
  return(): Promise<IteratorResult<Value, void>>;
}

/** The answer of `next()` when there are no more. */
export const OVER = { done: true, value: undefined } as const;

/** Makes results of what can be read one after another, for `for await` and `await using`. */
export function asResults<Value>(reading: Pick<Results<Value>, 'next' | 'return'>): Results<Value> {
  return {
    ...reading,
    [Symbol.asyncIterator]() {
      return this;
    },
    async [Symbol.asyncDispose]() {
      await reading.return();
    },
  };
}

/** Decides what happens when frames come faster than results are read. */
export type Backpressure = 'wait' | 'drop-oldest';

/** Streams have no `terminate` and no `timeoutMs`: leaving is free, and `policy.watchdogMs` ends a frame that hangs. */
export interface StreamOptions
  extends Pick<RunOptions, 'signal' | 'priority' | 'topK' | 'transfer'> {
  /**
   * `wait`, the default, takes no frame that it has no room for: for files and sound, which must be complete.
   * `drop-oldest` takes every frame at once and gives up the oldest that waits: for cameras.
   */
  readonly backpressure?: Backpressure | undefined;
  /**
   * With `wait`: frames that are taken and not read as results, 64 at most, and fewer by itself for a slow model.
   * With `drop-oldest`: frames that wait for the worker, 4 by default.
   */
  readonly maxWaiting?: number | undefined;
  /**
   * A frame fails that is bad, that a task of the app's own fails for, or that is (without state) lost with its worker.
   * It ends the stream with its error, the default, or is skipped and counted. State stays as it was before the frame;
   * where `postprocess` failed, as the frame left it. Other failures end the stream either way: of a backend or the
   * source, `state-lost`, `closed`, an abort.
   */
  readonly onError?: 'end' | 'skip' | undefined;
}

/**
 * Results of a stream, in the order of its frames. It begins at the first `next()`.
 *
 * `next()` rejects once, and the stream is over: with `signal.reason`; `closed`; `state-lost` when the worker that has
 * the state is gone; the source's error; a frame's own error; TypeError or RangeError for wrong options.
 */
export interface ModelStream<Result = Output> extends Results<Streamed<Result>> {
  readonly stats: StreamStats;
  /**
   * To be called after a seek. State is zeros again, and frames that were taken and not read are dropped. The source's
   * next frame is the first of the new place.
   */
  reset(): void;
}

/** One frame's result. */
export interface Streamed<Result = Output> extends RunResult<Result> {
  /** The frame's place among all that the source gave. */
  readonly index: number;
}

export interface StreamStats {
  /** Frames taken from the source. */
  readonly frames: number;
  /** Frames without a result because newer ones came, or `reset`. */
  readonly dropped: number;
  /** Frames that were skipped because of an error. */
  readonly skipped: number;
  /** Frame taken → result there, ms, ±4.33 %; undefined before the first result. */
  readonly lagMs: Readonly<Record<'p50' | 'p95', number | undefined>>;
}

export const NO_FRAMES: StreamStats = Object.freeze({
  frames: 0,
  dropped: 0,
  skipped: 0,
  lagMs: Object.freeze({ p50: undefined, p95: undefined }),
});
