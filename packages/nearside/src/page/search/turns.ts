import { oneMacrotask } from '../../shared/timers.js';
import { untilAborted } from '../workers/watchdog.js';

/**
 * Work goes on for so long before the page gets its thread back, ms: half a frame of 60 a second, far below the 50 of a
 * long task (Long Tasks, W3C).
 */
const SLICE_MS = 8;

/** Work whose turn it is, cut into slices. */
export interface Turn {
  /** True when the slice is over. Asking takes less than a microsecond: do so after some hundred steps. */
  readonly isSliceOver: boolean;
  /**
   * The next slice begins in a task of its own.
   *
   * @throws `signal.reason` once that has aborted
   */
  nextSlice(): Promise<void>;
}

export function startTurn(signal?: AbortSignal): Turn {
  let endMs = performance.now() + SLICE_MS;
  return {
    get isSliceOver() {
      return performance.now() >= endMs;
    },
    async nextSlice() {
      await oneMacrotask();
      signal?.throwIfAborted();
      endMs = performance.now() + SLICE_MS;
    },
  };
}

export type InTurn = <Result>(
  work: (turn: Turn) => Promise<Result>,
  signal?: AbortSignal,
) => Promise<Result>;

/** Works come one after another, in the order of the calls. An abort leaves the line at once. */
export function createTurns(): InTurn {
  let last: Promise<unknown> = Promise.resolve();
  return (work, signal) => {
    const mine = last.then(() => {
      signal?.throwIfAborted();
      return work(startTurn(signal));
    });
    last = mine.catch(() => {});
    return untilAborted([signal], () => mine);
  };
}
