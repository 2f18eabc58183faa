import { LONGEST_TIMER_MS, startAwakeTimer } from '@nearside/artifact';

/** Lets Node end while the timer waits; a browser has no such thing. */
export function unref(timer: ReturnType<typeof setTimeout>): void {
  (timer as { unref?: () => void }).unref?.();
}

/** Ticks of each watch so far, by their delay, ms. */
const watches = new Map<number, Map<() => void, number>>();

/**
 * Calls `act` once after a time in which the page could run, a fourth later at most. All of one delay share a timer: one
 * for each would take 0.01 ms of a small call of 0.37 (Chromium 156).
 *
 * @returns a function that stops it
 */
export function startWatch(delayMs: number, act: () => void): () => void {
  const ticks = watches.get(delayMs) ?? startTicking(delayMs);
  ticks.set(act, 0);
  return () => ticks.delete(act);
}

/** Ticks as long as anything is watched. */
function startTicking(delayMs: number): Map<() => void, number> {
  const ticks = new Map<() => void, number>();
  watches.set(delayMs, ticks);
  const timer = setInterval(
    () => {
      for (const [act, n] of ticks) {
        ticks.set(act, n + 1);
        if (n === 4) act(); // it is the fifth tick: four whole periods have passed
      }
      if (ticks.size > 0) return;
      clearInterval(timer);
      watches.delete(delayMs);
    },
    Math.min(delayMs / 4, LONGEST_TIMER_MS),
  );
  unref(timer);
  return ticks;
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

/** Resolves when messages that have arrived were heard: promises alone never let one in. */
export function oneMacrotask(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}

/**
 * A model that is closed waits for its store no longer than this, ms. A store takes some milliseconds; one that takes
 * longer may never answer.
 */
export const LAST_STORING_MS = 1000;

/** The first pause, ms. Each is twice as long as the one before. */
const PAUSE_MS = 2_000;

/** Tries work again, after ever longer pauses, until it succeeds. */
export function keepTrying(work: () => Promise<unknown>, pauseMs = PAUSE_MS): void {
  work().catch(() => {
    const timer = setTimeout(keepTrying, pauseMs, work, 2 * pauseMs);
    unref(timer);
  });
}
