import { isNearsideError, NearsideError } from '@nearside/core';
import { LIMITS } from '../limits.js';
import type { Pace } from './pace.js';

/** One request under way. It ends by itself when the caller aborts or the data comes too slowly. */
export interface Transfer {
  readonly signal: AbortSignal;
  /** Counts bytes that have arrived. */
  progress(sizeBytes: number): void;
  /** @returns the error that a failure of this request is to the caller */
  explain(error: unknown, path: string): unknown;
  end(): void;
}

/**
 * Watches a request: every window of `LIMITS.windowMs` must bring `LIMITS.windowBytes`, or be the last. Bytes count
 * after decoding.
 *
 * @param pace of the opening that it belongs to
 */
export function startTransfer(caller: AbortSignal | undefined, pace?: Pace): Transfer {
  const tooSlow = new AbortController();
  let windowBytes = 0;
  const timer = setInterval(() => {
    if (windowBytes < LIMITS.windowBytes) tooSlow.abort();
    windowBytes = 0;
  }, LIMITS.windowMs);
  pace?.begin();

  return {
    signal: AbortSignal.any([tooSlow.signal, ...(caller ? [caller] : [])]),
    progress(sizeBytes) {
      windowBytes += sizeBytes;
      pace?.progress(sizeBytes);
    },
    explain(error, path) {
      if (caller?.aborted) return caller.reason;
      if (isNearsideError(error)) return error;
      return networkError(path, { slow: tooSlow.signal.aborted, cause: error });
    },
    /** Without a reader the body is not downloaded any further. */
    end() {
      clearInterval(timer);
      pace?.end();
      tooSlow.abort();
    },
  };
}

function networkError(path: string, { slow, cause }: { slow: boolean; cause: unknown }) {
  if (slow) {
    const { windowMs, windowBytes } = LIMITS;
    return new NearsideError(
      'too-slow',
      `${path}: expected at least ${windowBytes} bytes every ${windowMs / 1000} s, got fewer. Try ` +
        'again later.',
      { cause, details: { path, windowMs, windowBytes }, retryable: true },
    );
  }
  const offline = (globalThis.navigator as Navigator | undefined)?.onLine === false;
  return new NearsideError(
    offline ? 'offline' : 'network-failed',
    offline
      ? `${path}: expected a network, got none, and no verified copy is stored on this device.`
      : `${path}: expected an answer, got none. Is the address right, and the server up? For a ` +
          'page of another origin it must also send `Access-Control-Allow-Origin`.',
    { cause, details: { path }, retryable: true },
  );
}
