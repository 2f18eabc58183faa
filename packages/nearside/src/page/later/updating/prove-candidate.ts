import type { ReleaseIdentity } from '@nearside/artifact';
import { NearsideError } from '@nearside/core';
import type { AvailableBackend } from '../../../shared/api/backends.js';
import { tryBackends } from '../../serving/later/try-backends.js';
import { BESIDE, load, type ModelContext, openOn, type Serving } from '../../serving/serving.js';
import { endingOnFailure } from '../../workers/connection.js';
import { askWorker } from '../../workers/watchdog.js';

/** The state of a candidate's trial, passed or not. */
export interface Trial {
  /** Set once it was fetched and a try was counted; below zero when none was left. */
  triesLeft: number | undefined;
}

/**
 * Fetches, loads and checks a version beside the one that serves, in a worker of its own. A try is
 * counted when everything is fetched and before it is loaded, so that a crash of the page counts
 * too. A candidate that hangs is ended at the policy's limit.
 *
 * @param trial filled in on the way, for the caller who deals with a failure
 * @throws NearsideError trust, network and backend codes
 */
export async function proveCandidate(
  context: ModelContext,
  next: ReleaseIdentity,
  { current, trial, signal }: { current: Serving; trial: Trial; signal: AbortSignal },
): Promise<Serving> {
  const { watchdogMs } = context.plan.policy;
  const which = { kind: 'candidate', sequence: next.sequence } as const;
  const proven = await tryBackends(context, backendsAfter(current, context), {
    open: (backend) => openOn(backend, context, { ...BESIDE, which, isOptional: false, signal }),
    async load(opened, variant) {
      await endingOnFailure(opened.connection, signal, async () => {
        await opened.connection.fetch({ variant: variant.name });
        trial.triesLeft ??=
          (await askWorker(opened.connection, { watchdogMs, signal }, ({ spendTry }) =>
            spendTry(next.sequence),
          )) ?? -1;
        if (trial.triesLeft < 0) throw noTriesLeft(next);
      });
      return load(opened, variant, { signal });
    },
  });
  return proven as Serving; // a candidate is opened, or there is an error
}

/**
 * Loads and checks the version before, from the device, beside the one that serves.
 *
 * @returns undefined where there is none, or it was revoked
 */
export function startPrevious(
  context: ModelContext,
  { current, signal }: { current: Serving; signal: AbortSignal },
): Promise<Serving | undefined> {
  const which = { kind: 'previous', failed: current.version.release.sequence } as const;
  return tryBackends(context, backendsAfter(current, context), {
    open: (backend) => openOn(backend, context, { ...BESIDE, which, isOptional: false, signal }),
    load: (opened, variant) => load(opened, variant, { signal }),
  });
}

/** The backend that serves is tried first. */
function backendsAfter({ backend }: Serving, { plan }: ModelContext): AvailableBackend[] {
  return [...new Set([backend, ...plan.backends])];
}

function noTriesLeft({ model, version }: ReleaseIdentity): NearsideError {
  return new NearsideError(
    'backend-failed',
    `${model} ${version}: expected it to load within its tries on this device, got none left.`,
    { details: { model, version } },
  );
}
