import type { Output } from '@nearside/pipeline';
import type { RunOptions, RunResult } from './run.js';

/**
 * Results as they come. Leaving the loop ends them, as `return()` does: at once, also while a `next()`
 * waits and whatever their source does, which is left without being waited for.
 */
export interface Results<Value>
  extends AsyncIterableIterator<Value, void, undefined>,
    AsyncDisposable {
  return(): Promise<IteratorResult<Value, void>>;
}

/** What `next()` says when there are no more. */
export const OVER = { done: true, value: undefined } as const;

/** What can be read one after another, as `for await` and `await using` take it. */
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

/** What happens when frames come faster than results are read. */
export type Backpressure = 'wait' | 'drop-oldest';

/**
 * There is no `terminate`, nor a `timeoutMs`: leaving lets the caller go, and a frame that hangs is ended by
 * `policy.watchdogMs`.
 */
export interface StreamOptions
  extends Pick<RunOptions, 'signal' | 'priority' | 'topK' | 'transfer'> {
  /**
   * `wait`, the default, takes no frame from the source that it has no room for: for files, and whatever
   * must be complete, as sound. `drop-oldest` takes every frame at once and gives up the oldest that waits: for
   * cameras.
   */
  readonly backpressure?: Backpressure | undefined;
  /**
   * Frames, from 1 on. With `wait`: taken and not yet read as results, 64 at most, and fewer of a slow
   * model by itself. With `drop-oldest`: waiting for the worker, 4 by default.
   */
  readonly maxWaiting?: number | undefined;
  /**
   * What a frame does that is bad, that a task of the app's own fails for, or that is (without state) lost with
   * its worker: it ends the stream with its error, the default, or is skipped and counted. State stays as
   * it was before it; where the task's `postprocess` has failed, as the frame left it. What is no frame's own
   * ends the stream either way: a backend that fails, `state-lost`, `closed`, an abort, a source that throws.
   */
  readonly onError?: 'end' | 'skip' | undefined;
}

/**
 * Results of a stream, in the order of its frames. It begins at the first `next()`.
 *
 * `next()` rejects once, and the stream is over: with `signal.reason`; `closed`; `state-lost` when the
 * worker that has the state is gone; what the source throws; a frame's own error. TypeError or
 * RangeError for wrong options.
 */
export interface ModelStream<Result = Output> extends Results<Streamed<Result>> {
  readonly stats: StreamStats;
  /**
   * After a seek: state is zeros again, and frames that were taken and not read yet are dropped. What the
   * source gives next is the first frame of the new place.
   */
  reset(): void;
}

/** One frame's result. */
export interface Streamed<Result = Output> extends RunResult<Result> {
  /** Of the frame among all that the source gave. */
  readonly index: number;
}

export interface StreamStats {
  /** Taken from the source. */
  readonly frames: number;
  /** Without a result because newer ones came, or `reset`. */
  readonly dropped: number;
  /** Without a result because of an error, and skipped. */
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
