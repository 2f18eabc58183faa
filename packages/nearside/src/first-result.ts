import { createDeferred } from '@nearside/core';

/** A page that opens a model and waits is done with opening after this long, ms. */
const SETTLED_MS = 1000;

/** When the rest may begin: after the first run has ended, or a second after opening. */
export interface FirstResult {
  readonly isOver: Promise<void>;
  /** A run has ended, well or not, or there is nothing to wait for. */
  end(): void;
}

export function awaitFirstResult(): FirstResult {
  const { promise, resolve } = createDeferred<void>();
  const timer = setTimeout(resolve, SETTLED_MS);
  (timer as { unref?: () => void }).unref?.();
  return {
    isOver: promise,
    end() {
      clearTimeout(timer);
      resolve();
    },
  };
}
