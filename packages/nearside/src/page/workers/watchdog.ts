import { startAwakeTimer } from '@nearside/artifact';
import { createDeferred, NearsideError } from '@nearside/core';
import { settlesWithin } from '../../shared/timers.js';
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

export interface AskOptions {
  /** Of one run, ms. */
  readonly watchdogMs: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Asks a worker for what takes no longer than a run. A worker that hangs while nobody calls would keep
 * whoever asks waiting for ever: it is ended.
 *
 * @throws as `withinWatchdog`
 */
export function askWorker<Answer>(
  connection: Connection,
  { watchdogMs, signal }: AskOptions,
  ask: (connection: Connection) => Promise<Answer>,
): Promise<Answer> {
  const limitMs = 2 * watchdogMs; // it may stand behind a run
  return withinWatchdog(connection, { limitMs, signal }, ask);
}

/** A worker that does nothing else answers in milliseconds; one that is gone never, ms. */
export const PROBE_MS = 5_000;

/** Batches are counted from 1: asking this one back does nothing. */
const NO_BATCH = 0;

/**
 * Finds out whether a worker is still there: a browser may have ended that of a page which it kept aside,
 * and does not say so. One that is gone is given up, so that the next call has another one.
 */
export async function probeWorker(connection: Connection): Promise<void> {
  if (connection.end) return;
  if (connection.workers.some(({ calls }) => calls > 0)) return; // what runs has its own watchdog
  if (await settlesWithin(PROBE_MS, connection.recall(NO_BATCH))) return;
  connection.kill(
    new NearsideError(
      'worker-lost',
      `Expected the model's worker to answer within ${PROBE_MS} ms after the page came back, got ` +
        'nothing. Another worker takes its place.',
      { retryable: true },
    ),
  );
}
