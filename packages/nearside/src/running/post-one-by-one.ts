import { isLostWorker } from '../opening/backend-fault.js';
import type { RunOutcome } from './post-batch.js';

/**
 * Posts each call of a batch by itself, after one of them could not be posted: that one fails alone.
 *
 * @throws what ends the worker, and so is the fate of all
 */
export function postOneByOne(
  calls: number,
  postAlone: (index: number) => Promise<RunOutcome[]>,
): Promise<RunOutcome[]> {
  const outcomes = Array.from({ length: calls }, async (_, i): Promise<RunOutcome> => {
    try {
      const [outcome] = await postAlone(i);
      return outcome as RunOutcome;
    } catch (error) {
      if (isLostWorker(error)) throw error;
      return { ok: false, error };
    }
  });
  return Promise.all(outcomes);
}
