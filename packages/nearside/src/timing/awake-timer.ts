/** What a browser's timer can count; one that is longer goes off at once, ms. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Calls `act` once after a time in which the page could run. In two halves: after a page was frozen,
 * or its computer slept, all timers are due at once, before anything that was sent meanwhile is heard.
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

/** Lets Node end while the timer waits; a browser has no such thing. */
export function unref(timer: ReturnType<typeof setTimeout>): void {
  (timer as { unref?: () => void }).unref?.();
}

/** @returns whether `work` settled within the time */
export async function settlesWithin(delayMs: number, work: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve) => {
    const stop = startAwakeTimer(delayMs, () => resolve(false));
    const settled = () => {
      stop();
      resolve(true);
    };
    work.then(settled, settled);
  });
}
