/** The longest delay that a browser's timer can count; a longer one would fire at once, ms. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Calls `act` once after a time in which the page could run. The timer is in two halves: after a page was
 * frozen, or its computer slept, all timers are due at once, before anything sent meanwhile is heard.
 *
 * @returns a function that stops it
 */
export function startAwakeTimer(delayMs: number, act: () => void): () => void {
  const halfMs = Math.min(delayMs / 2, LONGEST_TIMER_MS);
  let timer = setTimeout(() => {
    timer = setTimeout(act, halfMs);
  }, halfMs);
  return () => clearTimeout(timer);
}
