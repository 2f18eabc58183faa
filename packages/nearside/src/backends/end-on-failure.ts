import { isNearsideError, NearsideError } from '@nearside/core';
import type { BackendSession, StartRequest } from './backend.js';

export interface EndOnFailureOptions {
  /** After which failures of a run the runtime is still sound. */
  readonly isHarmless: (error: NearsideError) => boolean;
  readonly onLost: StartRequest['onLost'];
}

/**
 * For a runtime that is not to be trusted after a failed run: its worker is to be replaced, and until
 * that has happened every further run fails as that one did, instead of hanging or computing rubbish.
 */
export function endOnFailure(
  session: BackendSession,
  { isHarmless, onLost }: EndOnFailureOptions,
): BackendSession {
  let broken: NearsideError | undefined;
  return {
    tensors: session.tensors,
    async run(inputs) {
      if (broken) throw broken;
      try {
        return await session.run(inputs);
      } catch (error) {
        if (isNearsideError(error) && !isHarmless(error)) {
          broken = error;
          // After the reply, which says why; later calls find the worker gone and are done elsewhere.
          setTimeout(() => onLost(unsound(error)));
        }
        throw error;
      }
    },
    release: () => session.release(),
  };
}

function unsound(cause: NearsideError): NearsideError {
  return new NearsideError(
    'worker-lost',
    `Expected a runtime that goes on after a failed run, got one that does not: ${cause.message}`,
    { cause, details: cause.details, retryable: true },
  );
}
