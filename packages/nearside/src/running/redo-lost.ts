import { isNearsideError, NearsideError } from '@nearside/core';
import { isAnothersLoss } from '../opening/backend-fault.js';
import type { QueuedRun, RunOutcome } from './post-batch.js';
import { isRetained, RETAINED_BYTES } from './retained-input.js';

/**
 * What was lost with a worker is done again by the next one, where its input is still there. A stream's
 * state is not.
 *
 * @param error why the worker is gone
 */
export async function redoLost(runs: readonly QueuedRun[], error: unknown): Promise<RunOutcome[]> {
  const isAnothers = isAnothersLoss(error);
  const inputs = await Promise.allSettled(runs.map(({ input }) => input));
  return runs.map((run, i) => {
    const input = inputs[i];
    const isThere =
      !run.stream && input?.status === 'fulfilled' && !run.isGiven && isRetained(input.value);
    const isSecondTry = run.isSecondTry || !isAnothers;
    return isThere && (isAnothers || !run.isSecondTry)
      ? {
          ok: 'again',
          work: Object.assign(run, { isPosted: false, shift: undefined, isSecondTry }),
        }
      : { ok: false, error: isThere || run.stream ? error : goneWithIt(error, run) };
  });
}

function goneWithIt(error: unknown, { isGiven }: QueuedRun): unknown {
  if (!isNearsideError(error)) return error;
  const { code, message, details } = error;
  const why = isGiven
    ? 'the caller gave it away'
    : `only Blobs and up to ${RETAINED_BYTES} bytes are kept`;
  return new NearsideError(
    code,
    `${message} The input went with it (${why}), so this call is not done again: call again.`,
    { cause: error, details, retryable: true },
  );
}
