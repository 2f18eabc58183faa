import { ascending, quantile } from './percentiles.ts';

export interface WarmUpLimits {
  /** Runs of which one percentile is taken. */
  readonly windowRuns: number;
  /** Which percentile has to stand still. */
  readonly quantile: number;
  /** How far those of two windows may lie apart. */
  readonly withinShare: number;
  readonly maxRuns: number;
  readonly maxMs: number;
}

/**
 * When a model counts as warm. Tier-up of a large model takes 12 to 15 runs; the 90th percentile moves longer than the
 * median does.
 */
export const WARM_UP: WarmUpLimits = Object.freeze({
  windowRuns: 15,
  quantile: 0.9,
  withinShare: 0.1,
  maxRuns: 300,
  maxMs: 1_500,
});

/** Whether the percentile of the last window is what it was in the window before. @param times ms */
export function isSteady(times: readonly number[], limits: WarmUpLimits = WARM_UP): boolean {
  const { windowRuns, withinShare } = limits;
  if (times.length < 2 * windowRuns) return false;
  const last = quantile(ascending(times.slice(-windowRuns)), limits.quantile);
  const before = quantile(ascending(times.slice(-2 * windowRuns, -windowRuns)), limits.quantile);
  return Math.abs(last - before) <= withinShare * before;
}

export interface WarmUp {
  readonly runs: number;
  /** Whether it ended because the percentile stood still, and not because time or runs were spent. */
  readonly isSteady: boolean;
}

/** Runs until the percentile is steady. @param run gives its time, ms */
export async function warmUpUntilSteady(
  run: () => Promise<number>,
  limits: WarmUpLimits = WARM_UP,
): Promise<WarmUp> {
  const times: number[] = [];
  let spentMs = 0;
  while (times.length < limits.maxRuns && spentMs < limits.maxMs) {
    const ms = await run();
    times.push(ms);
    spentMs += ms;
    // Windows do not overlap: one that is looked at after every run would stand still by chance.
    if (times.length % limits.windowRuns === 0 && isSteady(times, limits))
      return { runs: times.length, isSteady: true };
  }
  return { runs: times.length, isSteady: false };
}
