import { isNearsideError, NearsideError } from '@nearside/core';
import { isAnothersLoss, isCallersEnd } from '../../../shared/failures.js';
import { transferablesOf, type WireInput } from '../../../shared/protocol.js';
import { type Loss, type QueuedRun, RETAINED_BYTES, type RunOutcome } from '../post-batch.js';
import { isClosed, releaseSnapshot } from '../snapshot-input.js';

/** A run that is lost so often before a worker begins it is given up. */
const MOST_TRIES = 5;

/**
 * The next worker does runs again that were lost, where their input is still there: it was copied, or had not
 * left yet. Frames that need a stream's state are lost. A run that may be to blame has one more try, alone.
 */
export async function redoLost(
  runs: readonly QueuedRun[],
  { error, hasBegun }: Loss,
): Promise<RunOutcome[]> {
  const isBlameless = isAnothersLoss(error) || isCallersEnd(error) || !hasBegun;
  const inputs = await Promise.allSettled(runs.map(({ input }) => input));
  return runs.map((run, i) => {
    const input = inputs[i];
    const isThere = !run.stream && input?.status === 'fulfilled' && isWhole(input.value);
    const { tries = 0, isSecondTry = false } = run;
    if (isThere && (isBlameless || !isSecondTry) && tries < MOST_TRIES) {
      const again = { isPosted: false, serving: undefined, tries: tries + 1 };
      const isAlone = isSecondTry || !isBlameless;
      return {
        ok: 'again',
        work: Object.assign(run, { ...again, isSecondTry: isAlone }),
        isAlone,
      };
    }
    releaseSnapshot(run.input);
    return { ok: false, error: isThere || run.stream ? error : goneWithIt(error, run) };
  });
}

/** A buffer or picture that was given away has no size any more. */
function isWhole(input: WireInput): boolean {
  return transferablesOf(input).every((owned) =>
    owned instanceof ArrayBuffer ? owned.byteLength > 0 : !isClosed(owned),
  );
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
