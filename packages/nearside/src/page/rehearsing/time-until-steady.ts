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
 * @returns the middle of runs' times since the last such step, ms
 */
export async function timeUntilSteady(run: () => Promise<number>, endMs: number): Promise<number> {
  const isOver = () => performance.now() >= endMs;

  /** Times of some runs, ms. */
  async function burst(): Promise<number[]> {
    const times: number[] = [];
    let sumMs = 0;
    do {
      const ms = await run();
      times.push(ms);
      sumMs += ms;
    } while (sumMs < BURST_MS && times.length < MOST_IN_BURST && !isOver());
    return times;
  }

  let steady: number[][] = [];
  let shortest = Number.POSITIVE_INFINITY;
  let sinceMs = performance.now();
  const isSteady = () => steady.length >= STEADY_BURSTS && performance.now() - sinceMs >= STEADY_MS;
  do {
    const times = await burst();
    const ms = middle(times);
    if (ms < shortest * (1 - STEP)) {
      steady = [];
      shortest = ms;
      sinceMs = performance.now();
    }
    steady.push(times);
  } while (!isSteady() && !isOver());
  return middle(steady.flat());
}

/**
 * Mean of the middle half: as a median what takes unusually long does not move it, and it is finer than the clock, whose
 * ticks a median would be one of.
 */
function middle(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b);
  const quarter = Math.floor(sorted.length / 4);
  const half = sorted.slice(quarter, sorted.length - quarter);
  return half.reduce((sum, ms) => sum + ms, 0) / half.length;
}
