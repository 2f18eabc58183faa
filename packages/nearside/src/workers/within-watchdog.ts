import { createDeferred, NearsideError } from '@nearside/core';
import { startAwakeTimer } from '../timing/awake-timer.js';
import type { Connection } from './connection.js';

export interface WatchdogOptions {
  /** For its turn and the work. */
  readonly limitMs: number;
  /** Lets the caller go; the worker goes on. */
  readonly signal: AbortSignal | undefined;
}

/**
 * Waits for an answer of a worker to what is no call of `run`, which has a watchdog of its own. A worker
 * that does not give it in time is ended, as one whose run hangs.
 *
 * @throws NearsideError `terminated`; `signal.reason`; what `ask` rejects with
 */
export async function withinWatchdog<Answer>(
  connection: Connection,
  { limitMs, signal }: WatchdogOptions,
  ask: (connection: Connection) => Promise<Answer>,
): Promise<Answer> {
  const { promise: left, reject } = createDeferred<never>();
  const leave = () => reject(signal?.reason);
  const stop = startAwakeTimer(limitMs, () => connection.kill(silent(limitMs)));
  signal?.addEventListener('abort', leave);
  try {
    signal?.throwIfAborted();
    return await Promise.race([ask(connection), left]);
  } finally {
    stop();
    signal?.removeEventListener('abort', leave);
  }
}

function silent(limitMs: number): NearsideError {
  return new NearsideError(
    'terminated',
    `Expected an answer within ${limitMs} ms, got none: the worker was ended. Another one takes its place.`,
    { details: { limitMs }, retryable: true },
  );
}
