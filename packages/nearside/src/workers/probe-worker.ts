import { NearsideError } from '@nearside/core';
import { settlesWithin } from '../timing/awake-timer.js';
import type { Connection } from './connection.js';

/** A worker that does nothing else answers in milliseconds; one that is gone never, ms. */
const PROBE_MS = 5_000;

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
