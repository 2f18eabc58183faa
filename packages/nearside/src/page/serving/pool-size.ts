/** How a pool that follows the load behaves. */
export const POOL_LIMITS = Object.freeze({
  /** Workers of one model at most, however many cores there are: each holds the model once more. */
  most: 4,
  /** Calls wait although every worker has its two batches: after so long one more is started, ms. */
  growAfterMs: 100,
  /** A worker that was not needed beside the others for so long is ended, ms. */
  cooldownMs: 30_000,
  /** A pool that grows again soon after it shrank waits longer the next time, up to this, ms. */
  longestCooldownMs: 300_000,
});

export interface PoolLoad {
  readonly nowMs: number;
  readonly workers: number;
  /** Workers that have something to do. */
  readonly busy: number;
  /** Calls that no worker has taken, though each has as much as it may have. */
  readonly waiting: number;
}

/** Decides when a pool grows and shrinks, from what it is told of the load. */
export interface PoolSize {
  look(load: PoolLoad): 'grow' | 'shrink' | 'stay';
  /** When to look again although nothing happens, by `performance.now()`. */
  readonly nextLookMs: number;
}

export function createPoolSize({ min, max }: { min: number; max: number }): PoolSize {
  let pressedSinceMs: number | undefined;
  /** When all workers had something to do last. */
  let neededMs = 0;
  let shrunkMs: number | undefined;
  let cooldownMs: number = POOL_LIMITS.cooldownMs;

  function grows({ nowMs, workers, waiting }: PoolLoad): boolean {
    if (workers < min) return true;
    if (waiting === 0 || workers >= max) {
      pressedSinceMs = undefined;
      return false;
    }
    pressedSinceMs ??= nowMs;
    if (nowMs - pressedSinceMs < POOL_LIMITS.growAfterMs) return false;
    // It was shrunk too early.
    const isRegretted = shrunkMs !== undefined && nowMs - shrunkMs < 2 * cooldownMs;
    if (isRegretted) cooldownMs = Math.min(2 * cooldownMs, POOL_LIMITS.longestCooldownMs);
    shrunkMs = undefined;
    pressedSinceMs = undefined;
    return true;
  }

  return {
    look(load) {
      const { nowMs, workers, busy } = load;
      if (busy >= workers) neededMs = nowMs;
      if (grows(load)) {
        neededMs = nowMs;
        return 'grow';
      }
      if (workers <= min || nowMs - neededMs < cooldownMs) return 'stay';
      shrunkMs = nowMs;
      neededMs = nowMs;
      return 'shrink';
    },
    get nextLookMs() {
      return neededMs + cooldownMs;
    },
  };
}
