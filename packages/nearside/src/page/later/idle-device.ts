import { isHidden, onVisibilityChange } from '../../shared/page-events.js';

/** A page without `requestIdleCallback`, or one that is busy, is left alone for so long, ms. */
const REST_MS = 50;

export interface IdleOptions {
  /** The model itself has something to do. */
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

/**
 * Tells whether to put off what only improves things: data saver is on, or the connection is metered or slow. Only
 * Chromium tells; elsewhere nothing is put off.
 *
 * @param saveData the page's own word, which counts more
 */
export function isDataExpensive(saveData: boolean | undefined): boolean {
  if (saveData !== undefined) return saveData;
  const { connection } = (globalThis.navigator ?? {}) as {
    connection?: { saveData?: boolean; type?: string; effectiveType?: string };
  };
  return (
    connection?.saveData === true ||
    connection?.type === 'cellular' ||
    /^(?:slow-)?2g$/.test(connection?.effectiveType ?? '')
  );
}

/** A battery below this is low, as most systems warn. */
const LOW = 0.2;

/** Only Chromium tells; a battery that is being charged is not low. */
export async function isBatteryLow(): Promise<boolean> {
  const { navigator } = globalThis as {
    navigator?: { getBattery?: () => Promise<{ charging: boolean; level: number }> };
  };
  const battery = await navigator?.getBattery?.().catch(() => undefined);
  return battery !== undefined && !battery.charging && battery.level < LOW;
}
