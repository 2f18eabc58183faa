/*
 * Events of the page itself, and who listens:
 * - hidden, or left: `page/telemetry/later/reporting.ts` seals the report and sends it; `page/choice/page-mark.ts` takes its
 *   mark away, and sets it again
 * - hidden for long, and shown again: `page/serving/later/rest-hidden.ts` puts the model to rest, and wakes it
 * - shown: `page/later/updating/keep-current.ts` looks for a newer version, `page/later/idle-device.ts` goes on
 * - hidden or shown: `page/model/load-later.ts` waits no longer for the first result
 * - back after it was frozen: `page/serving/join-engine.ts` asks its worker whether it still lives
 */

/**
 * Name in `localStorage`, for the page that was left last while it was at work: when it began, and when it was left. A
 * store that is busy does not come to removing the record of a page that is closed.
 */
export const LEFT = 'nearside left';

/** Nobody sees the page, and the browser may slow it down. False where there is no page. */
export function isHidden(): boolean {
  return globalThis.document?.visibilityState === 'hidden';
}

/**
 * Calls `listener` whenever the page is hidden or shown.
 *
 * @returns a function that ends it
 */
export function onVisibilityChange(listener: () => void): () => void {
  const { document } = globalThis;
  document?.addEventListener('visibilitychange', listener);
  return () => document?.removeEventListener('visibilitychange', listener);
}

/**
 * Calls `listener` when the page comes back from the back/forward cache, or was frozen and goes on: a worker
 * may have been lost meanwhile.
 *
 * @returns a function that ends it
 */
export function onPageReturn(listener: () => void): () => void {
  const { document } = globalThis;
  if (!document) return () => {};
  const onShow = ({ persisted }: PageTransitionEvent) => {
    if (persisted) listener();
  };
  globalThis.addEventListener('pageshow', onShow);
  document.addEventListener('resume', listener);
  return () => {
    globalThis.removeEventListener('pageshow', onShow);
    document.removeEventListener('resume', listener);
  };
}
