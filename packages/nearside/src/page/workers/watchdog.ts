import { startAwakeTimer } from '@nearside/artifact';
import { createDeferred, NearsideError } from '@nearside/core';
import { expectListeners } from '#platform';
import { settlesWithin } from '../../shared/timers.js';
import type { Connection } from './connection.js';

export interface WatchdogOptions {
  /** Covers the wait for its turn, and the work. */
  readonly limitMs: number;
  /** Lets the caller go; the worker goes on. */
  readonly signal: AbortSignal | undefined;
}

/**
 * Waits for a worker's answer to a call other than `run`, which has a watchdog of its own. A worker that does
 * not answer in time is ended, as one whose run hangs.
 *
 * @throws NearsideError `terminated`; `signal.reason`; the error of `ask`
 */
export async function withinWatchdog<Answer>(
  connection: Connection,
  { limitMs, signal }: WatchdogOptions,
  ask: (connection: Connection) => Promise<Answer>,
): Promise<Answer> {
  const stop = startAwakeTimer(limitMs, () => connection.kill(silent(limitMs)));
  try {
    return await untilAborted([signal], () => ask(connection));
  } finally {
    stop();
  }
}

/** Waits for work, but no longer than until a signal is aborted. @throws the signal's reason; the error of the work */
export async function untilAborted<Result>(
  signals: readonly (AbortSignal | undefined)[],
  work: () => Promise<Result>,
): Promise<Result> {
  const { promise: left, reject } = createDeferred<never>();
  const leave = ({ target }: Event) => reject((target as AbortSignal).reason);
  for (const signal of signals) {
    expectListeners(signal);
    signal?.addEventListener('abort', leave);
  }
  try {
    for (const signal of signals) signal?.throwIfAborted();
    return await Promise.race([work(), left]);
  } finally {
    for (const signal of signals) signal?.removeEventListener('abort', leave);
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
  /** The limit of one run, ms. */
  readonly watchdogMs: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Asks a worker for an answer that takes no longer than a run. A worker that hangs is ended, so that nobody waits
 * for ever.
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

/** A worker that has not answered a probe by then is gone, ms: one that is idle answers in milliseconds. */
export const PROBE_MS = 5_000;

/** Batches are counted from 1, so that recalling this one does nothing. */
const NO_BATCH = 0;

/**
 * Finds out whether a worker is still there: a browser may have ended it while the page was in the back/forward
 * cache, without a word. A worker that is gone is given up, so that the next call has another one.
 */
export async function probeWorker(connection: Connection): Promise<void> {
  if (connection.end) return;
  if (connection.workers.some(({ calls }) => calls > 0)) return; // a run has a watchdog of its own
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
