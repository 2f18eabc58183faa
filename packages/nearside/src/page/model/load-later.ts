import { createDeferred, NearsideError, shareOnce } from '@nearside/core';
import { importLater } from '#import-later';
import { onVisibilityChange } from '../../shared/page-events.js';
import { unref } from '../../shared/timers.js';

export type Later = typeof import('./later/later.js');

/**
 * Loads the second part of the library once, whoever asks. Few pages need it before the first result.
 *
 * @throws NearsideError `assets-unreachable`
 */
export const loadLater = /* @__PURE__ */ shareOnce(async (): Promise<Later> => {
  try {
    return await importLater();
  } catch (cause) {
    throw new NearsideError(
      'assets-unreachable',
      "Expected the library's second part, got a failure. Is it served or cached beside the first?",
      { cause, retryable: true },
    );
  }
});

/** A page that opens a model and waits is done with opening after this long, ms. */
const SETTLED_MS = 1000;

/**
 * Says when the second part may load: after the first run, a second after opening, or when the page is hidden.
 * A hidden page may be gone for good, and its counts are not sealed yet.
 */
export function awaitFirstResult() {
  const { promise, resolve } = createDeferred<void>();
  const timer = setTimeout(end, SETTLED_MS);
  unref(timer);
  const endVisibility = onVisibilityChange(end);
  let hasEnded = false;

  /** A run has ended, well or not, or there is nothing to wait for. */
  function end(): void {
    if (hasEnded) return;
    hasEnded = true;
    clearTimeout(timer);
    endVisibility();
    resolve();
  }

  return { isOver: promise, end };
}
