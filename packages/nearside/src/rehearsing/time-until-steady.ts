import { median } from '../median.js';

/** Short runs are timed together: a clock outside isolated pages ticks in tenths of a millisecond, ms. */
const BURST_MS = 4;

/** A clock that stands still must not keep a burst going. */
const MOST_IN_BURST = 100;

/**
 * Runs are steady when for so long, and for so many, none was shorter by this share than the shortest before: browsers
 * optimise the code of a runtime in steps, some of them after a dozen runs, and other work of the machine only ever
 * makes runs longer.
 */
const STEADY_MS = 1_000;
const STEADY_BURSTS = 15;
const STEP = 0.05;

/**
 * Times runs until they take as long as they will.
 *
 * @param run does one. @returns how long it took, ms
 * @param endMs no run begins after that but a first one, by `performance.now()`
 * @returns median of a run's time since the last such step, ms
 */
export async function timeUntilSteady(run: () => Promise<number>, endMs: number): Promise<number> {
  const isOver = () => performance.now() >= endMs;

  /** Mean of a run's time, ms. */
  async function burst(): Promise<number> {
    let [sumMs, count] = [0, 0];
    do {
      sumMs += await run();
      count += 1;
    } while (sumMs < BURST_MS && count < MOST_IN_BURST && !isOver());
    return sumMs / count;
  }

  let steady: number[] = [];
  let shortest = Number.POSITIVE_INFINITY;
  let sinceMs = performance.now();
  const isSteady = () => steady.length >= STEADY_BURSTS && performance.now() - sinceMs >= STEADY_MS;
  do {
    const ms = await burst();
    if (ms < shortest * (1 - STEP)) {
      steady = [];
      shortest = ms;
      sinceMs = performance.now();
    }
    steady.push(ms);
  } while (!isSteady() && !isOver());
  return median(steady);
}
