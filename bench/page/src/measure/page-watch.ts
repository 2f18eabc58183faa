/** Whether the page was in view while something was measured: a browser slows down what is not. */
export interface PageWatch {
  /** Grows each time the page is hidden or frozen. */
  readonly interruptions: number;
  readonly isHidden: boolean;
  /** Resolves at once where the page is in view. @throws `signal.reason` */
  untilVisible(signal: AbortSignal): Promise<void>;
}

/** Watches this page for as long as it lives. */
export function watchPage(): PageWatch {
  let interruptions = 0;
  const interrupted = () => {
    interruptions += 1;
  };
  document.addEventListener('visibilitychange', () => document.hidden && interrupted());
  document.addEventListener('freeze', interrupted);
  return {
    get interruptions() {
      return interruptions;
    },
    get isHidden() {
      return document.hidden;
    },
    untilVisible: async (signal) => {
      signal.throwIfAborted();
      if (!document.hidden) return;
      await new Promise<void>((resolve, reject) => {
        const over = new AbortController();
        const { signal: once } = over;
        const end = (settle: () => void) => {
          over.abort();
          settle();
        };
        const look = () => document.hidden || end(resolve);
        document.addEventListener('visibilitychange', look, { signal: once });
        signal.addEventListener('abort', () => end(() => reject(signal.reason)), { signal: once });
      });
    },
  };
}
