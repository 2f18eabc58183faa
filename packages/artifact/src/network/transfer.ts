import { isNearsideError, NearsideError } from '@nearside/core';
import { LIMITS } from '../limits.js';

/** One request under way: it ends by itself when the caller aborts or no byte arrives for long. */
export interface Transfer {
  readonly signal: AbortSignal;
  /** A byte has arrived: the stall clock starts again. */
  progress(): void;
  /** What a failure of this request means to the caller. */
  explain(error: unknown, path: string): unknown;
  end(): void;
}

export function startTransfer(callers: readonly (AbortSignal | undefined)[]): Transfer {
  const stall = new AbortController();
  const aborts = callers.filter((signal) => signal !== undefined);
  let timer = setTimeout(() => stall.abort(), LIMITS.stallMs);

  return {
    signal: AbortSignal.any([stall.signal, ...aborts]),
    progress() {
      clearTimeout(timer);
      timer = setTimeout(() => stall.abort(), LIMITS.stallMs);
    },
    explain(error, path) {
      const aborted = aborts.find((signal) => signal.aborted);
      if (aborted) return aborted.reason;
      if (isNearsideError(error)) return error;
      return networkError(path, { stalled: stall.signal.aborted, cause: error });
    },
    /** A body that nobody reads any more is not downloaded either. */
    end() {
      clearTimeout(timer);
      stall.abort();
    },
  };
}

function networkError(path: string, { stalled, cause }: { stalled: boolean; cause: unknown }) {
  if (stalled) {
    return new NearsideError(
      'too-slow',
      `${path}: expected data within ${LIMITS.stallMs / 1000} s, got none. Try again later.`,
      { cause, details: { path, limitMs: LIMITS.stallMs }, retryable: true },
    );
  }
  const offline = globalThis.navigator?.onLine === false;
  return new NearsideError(
    offline ? 'offline' : 'network-failed',
    offline
      ? `${path}: expected a network, got none, and no verified copy is stored on this device.`
      : `${path}: expected an answer, got none. Is the address right, is the server up, and does ` +
          'it send `Access-Control-Allow-Origin`?',
    { cause, details: { path }, retryable: true },
  );
}
