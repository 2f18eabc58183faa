/** A shadow takes at most this share of the time in which the model is busy: less than runs differ by themselves. */
export const SHARE_OF_BUSY_TIME = 0.02;

/** Counts the time that a shadow may take in a visit, and takes, ms. */
export class ShadowBudget {
  #allowedMs = 0;
  #spentMs = 0;
  /** Since when time is being spent, by `performance.now()`. */
  #sinceMs: number | undefined;

  /** To be called after each run. @param busyMs one input's share, as reports count it */
  ran(busyMs: number): void {
    this.#allowedMs += SHARE_OF_BUSY_TIME * busyMs;
  }

  get spentMs(): number {
    const nowMs = performance.now();
    return this.#spentMs + nowMs - (this.#sinceMs ?? nowMs);
  }

  get leftMs(): number {
    return this.#allowedMs - this.spentMs;
  }

  start(): void {
    this.#sinceMs = performance.now();
  }

  stop(): void {
    this.#spentMs = this.spentMs;
    this.#sinceMs = undefined;
  }
}
