import { unref } from '../timing/awake-timer.js';

/** The first pause, ms; each is twice as long as the one before. */
const PAUSE_MS = 2_000;

/** Does something once it can be done: what fails is tried again after a while. */
export function keepTrying(work: () => Promise<unknown>, pauseMs = PAUSE_MS): void {
  work().catch(() => {
    const timer = setTimeout(keepTrying, pauseMs, work, 2 * pauseMs);
    unref(timer);
  });
}
