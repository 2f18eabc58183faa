import { isNearsideError, NearsideError } from '@nearside/core';
import type { BackendSession, StartRequest } from './backend.js';

/** Of a started runtime, which all its sessions share. */
export interface RuntimeHealth {
  /** The first failure that it is not to be trusted after. */
  brokenBy?: NearsideError;
}

export interface EndOnFailureOptions {
  readonly health: RuntimeHealth;
  /** After which failures of a run the runtime is still sound. */
  readonly isHarmless: (error: NearsideError) => boolean;
  readonly onLost: StartRequest['onLost'];
}

/**
 * For a runtime that is not to be trusted after a failed run: its worker is to be replaced, and until
 * that has happened every further run fails instead of hanging or computing rubbish: as that one did,
 * or, on another model's session, as what is lost with its worker.
 */
export function endOnFailure(
  session: BackendSession,
  { health, isHarmless, onLost }: EndOnFailureOptions,
): BackendSession {
  let own: NearsideError | undefined;
  return {
    tensors: session.tensors,
    async run(inputs) {
      if (health.brokenBy) throw own ?? unsound(health.brokenBy);
      try {
        return await session.run(inputs);
      } catch (error) {
        if (isNearsideError(error) && !isHarmless(error)) {
          own = error;
          health.brokenBy ??= error;
          // After the reply, which says why; later calls find the worker gone and are done elsewhere.
          setTimeout(() => onLost(unsound(error)));
        }
        throw error;
      }
    },
    // What is broken is not asked to free anything: it goes with its worker.
    release: async () => (health.brokenBy ? undefined : session.release()),
  };
}

function unsound(cause: NearsideError): NearsideError {
  return new NearsideError(
    'worker-lost',
    `Expected a runtime that goes on after a failed run, got one that does not: ${cause.message}`,
    { cause, details: cause.details, retryable: true },
  );
}
