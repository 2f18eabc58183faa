import { isHidden, onVisibilityChange } from '../../../shared/page-events.js';

/** How long a page without `requestIdleCallback`, or one that is busy, is left alone, ms. */
const REST_MS = 50;

export interface IdleOptions {
  /** Whether the model itself has something to do. */
  readonly isBusy: () => boolean;
  readonly signal: AbortSignal;
}

/**
 * Waits until the page is visible and has nothing to do.
 *
 * @throws `signal.reason`, and only that
 */
export async function whenIdle({ isBusy, signal }: IdleOptions): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    if (isHidden()) await untilAborted(signal, untilVisible);
    await untilAborted(signal, untilIdle);
    if (!isHidden() && !isBusy()) return;
    await untilAborted(signal, rest);
  }
}

/** Starts waiting; the function it returns ends it. */
type Wait = (done: () => void) => () => void;

function untilAborted(signal: AbortSignal, wait: Wait): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = () => {
      end();
      reject(signal.reason);
    };
    const end = wait(() => {
      signal.removeEventListener('abort', leave);
      end();
      resolve();
    });
    signal.addEventListener('abort', leave, { once: true });
  });
}

const rest: Wait = (done) => {
  const timer = setTimeout(done, REST_MS);
  return () => clearTimeout(timer);
};

/** Safari has no `requestIdleCallback`. */
const untilIdle: Wait = (done) => {
  if (typeof requestIdleCallback !== 'function') return rest(done);
  const handle = requestIdleCallback(done);
  return () => cancelIdleCallback(handle);
};

const untilVisible: Wait = (done) =>
  onVisibilityChange(() => {
    if (!isHidden()) done();
  });
