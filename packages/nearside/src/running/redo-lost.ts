import { isNearsideError, NearsideError } from '@nearside/core';
import { isAnothersLoss } from '../opening/backend-fault.js';
import { transferablesOf, type WireInput } from '../protocol.js';
import type { QueuedRun, RunOutcome } from './post-batch.js';
import { RETAINED_BYTES } from './retained-input.js';
import { releaseSnapshot } from './snapshot-input.js';

/**
 * What was lost with a worker is done again by the next one, where its input is still there: it was
 * copied, or had not left yet. A stream's state is not.
 *
 * @param error why the worker is gone
 */
export async function redoLost(runs: readonly QueuedRun[], error: unknown): Promise<RunOutcome[]> {
  const isAnothers = isAnothersLoss(error);
  const inputs = await Promise.allSettled(runs.map(({ input }) => input));
  return runs.map((run, i) => {
    const input = inputs[i];
    const isThere = !run.stream && input?.status === 'fulfilled' && isWhole(input.value);
    const isSecondTry = run.isSecondTry || !isAnothers;
    if (isThere && (isAnothers || !run.isSecondTry)) {
      const again = { isPosted: false, shift: undefined, isSecondTry };
      return { ok: 'again', work: Object.assign(run, again) };
    }
    releaseSnapshot(run.input);
    return { ok: false, error: isThere || run.stream ? error : goneWithIt(error, run) };
  });
}

/** What was given away has no size any more: buffers no bytes, bitmaps and frames no width. */
function isWhole(input: WireInput): boolean {
  return transferablesOf(input).every((owned) => {
    if (owned instanceof ArrayBuffer) return owned.byteLength > 0;
    const { width, codedWidth = width } = owned as { width?: number; codedWidth?: number };
    return codedWidth !== 0;
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
