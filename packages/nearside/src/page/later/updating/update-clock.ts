import { isHidden, onVisibilityChange } from '../../../shared/page-events.js';
import { unref } from '../../../shared/timers.js';

/** Time between two looks, ± 20 % so that a fleet does not ask all at once, ms. */
const EVERY_MS = 15 * 60 * 1000;
const JITTER = 0.2;

/**
 * Calls `look` soon, and then every 15 minutes while the page is visible; a page that comes back
 * after a longer time looks at once.
 *
 * @returns a function that stops it
 */
export function startUpdateClock(look: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let nextMs = 0;

  function wait(delayMs: number): void {
    nextMs = Date.now() + delayMs;
    timer = setTimeout(tick, delayMs);
    unref(timer);
  }

  function tick(): void {
    clearTimeout(timer);
    if (isHidden()) return; // it goes on when the page is shown again
    look();
    wait(interval());
  }

  const endVisibility = onVisibilityChange(() => {
    if (!isHidden() && Date.now() >= nextMs) tick();
  });
  wait(0);

  return () => {
    clearTimeout(timer);
    endVisibility();
  };
}

function interval(): number {
  return EVERY_MS * (1 - JITTER + 2 * JITTER * Math.random());
}
