import { isNearsideError, NearsideError } from '@nearside/core';
import { LIMITS } from '../limits.js';
import type { Pace } from './pace.js';

/** One request under way. It ends by itself when the caller aborts or the data comes too slowly. */
export interface Transfer {
  readonly signal: AbortSignal;
  /** Counts bytes that have arrived. */
  progress(sizeBytes: number): void;
  /** @returns the error that a failure of this request, for a path of a repository, is to the caller */
  explain(error: unknown, repository: string, path: string): unknown;
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
    explain(error, repository, path) {
      if (caller?.aborted) return caller.reason;
      if (isNearsideError(error)) return error;
      if (tooSlow.signal.aborted) return tooSlowError(path, error);
      return unanswered(path, { address: repository + path, cause: error });
    },
    /** Without a reader the body is not downloaded any further. */
    end() {
      clearInterval(timer);
      pace?.end();
      tooSlow.abort();
    },
  };
}

function tooSlowError(path: string, cause: unknown) {
  const { windowMs, windowBytes } = LIMITS;
  return new NearsideError(
    'too-slow',
    `${path}: expected at least ${windowBytes} bytes every ${windowMs / 1000} s, got fewer. Try again later.`,
    { cause, details: { path, windowMs, windowBytes }, retryable: true },
  );
}

function unanswered(path: string, { address, cause }: { address: string; cause: unknown }) {
  const offline = (globalThis.navigator as Navigator | undefined)?.onLine === false;
  return new NearsideError(
    offline ? 'offline' : 'network-failed',
    offline
      ? `${path}: expected a network, got none, and no verified copy is stored on this device.`
      : `${address}: expected an answer, got none. Is it right, and the server up?`,
    { cause, details: { path, address }, retryable: true },
  );
}
