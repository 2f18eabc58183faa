/**
 * Calls `act` once after a time in which the page could run. In two halves: after a page was frozen,
 * or its computer slept, all timers are due at once, before anything that was sent meanwhile is heard.
 *
 * @returns a function that stops it
 */
export function startAwakeTimer(delayMs: number, act: () => void): () => void {
  let timer = setTimeout(() => {
    timer = setTimeout(act, delayMs / 2);
  }, delayMs / 2);
  return () => clearTimeout(timer);
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
