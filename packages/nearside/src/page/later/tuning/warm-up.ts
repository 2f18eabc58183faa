import { median } from '../../../shared/timers.js';

/** Runs take this long in all, at most, ms; and are this many at most, or bursts of short ones. */
const MOST_MS = 2_000;
const MOST_RUNS = 500;

/** After a run that takes longer no other follows: somebody's call may have to wait for it, ms. */
const LONGEST_MS = 500;

/** So many are compared with as many before them, and none before this many: code is optimised in steps. */
const COMPARED = 5;
const LEAST_RUNS = 20;

/** Medians closer than this are the same. */
const MARGIN = 0.1;

export interface WarmUpOptions {
  /** Runs the first golden case, or its `warmUp`. @returns how long a run took, ms */
  readonly time: () => Promise<number>;
  /** Waited for before each run. */
  readonly idle: () => Promise<void>;
}

/**
 * Runs a golden case until runs take as long as they will: browsers optimise the code of a runtime while it runs, and
 * the first dozen runs take twice as long. Somebody's call waits for one of these at most.
 *
 * @throws what `time` and `idle` reject with
 */
export async function warmUp({ time, idle }: WarmUpOptions): Promise<void> {
  const times: number[] = [];
  let spentMs = 0;
  let ms = 0;
  while (spentMs < MOST_MS && ms <= LONGEST_MS && times.length < MOST_RUNS && !isSettled(times)) {
    await idle();
    const startMs = performance.now();
    ms = await time();
    times.push(ms);
    spentMs += performance.now() - startMs;
  }
}

function isSettled(times: readonly number[]): boolean {
  if (times.length < LEAST_RUNS) return false;
  const last = median(times.slice(-COMPARED));
  const before = median(times.slice(-2 * COMPARED, -COMPARED));
  return Math.abs(last - before) <= MARGIN * before;
}

/** Only Chromium tells. */
export async function isBatteryLow(): Promise<boolean> {
  const { navigator } = globalThis as {
    navigator?: { getBattery?: () => Promise<{ charging: boolean; level: number }> };
  };
  const battery = await navigator?.getBattery?.().catch(() => undefined);
  return battery !== undefined && !battery.charging && battery.level < LOW;
}

/** Of a battery that is not being charged, as most systems warn. */
const LOW = 0.2;
