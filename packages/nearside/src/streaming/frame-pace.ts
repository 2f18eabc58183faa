export const PACE_LIMITS = Object.freeze({
  /** What crosses together runs without a pause, in which others could have their turn, ms: half of a display's frame. */
  sliceMs: 8,
  /** Beyond this many a message's cost is gone: Silero VAD's frames take a fifth of a millisecond. */
  together: 32,
});

/** How many frames of a stream cross to the worker together. */
export interface FramePace {
  /** From 1 on. */
  readonly together: number;
  /** @param workMs what one frame took in the worker */
  observe(workMs: number): void;
}

/** One at a time until it is known how long they take. */
export function createFramePace(): FramePace {
  let frameMs: number | undefined;
  return {
    get together() {
      if (frameMs === undefined) return 1;
      const { sliceMs, together } = PACE_LIMITS;
      // Some browsers' clocks are too coarse for a short run, which then took 0 ms.
      return Math.max(1, Math.min(together, Math.floor(sliceMs / frameMs)));
    },
    observe(workMs) {
      frameMs = frameMs === undefined ? workMs : (frameMs + workMs) / 2;
    },
  };
}
