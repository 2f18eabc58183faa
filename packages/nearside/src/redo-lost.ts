import { isAnothersLoss } from './backend-fault.js';
import type { QueuedRun, RunOutcome } from './post-batch.js';
import { isRetained } from './retained-input.js';

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
      : { ok: false, error };
  });
}
