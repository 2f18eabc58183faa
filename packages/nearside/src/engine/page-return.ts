/**
 * Calls `listener` when the page is back from where nothing of it ran: the browser's back/forward cache,
 * or frozen in the background (Page Lifecycle). In a worker or on a server there is no such thing.
 *
 * @returns a function that takes it off again
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
