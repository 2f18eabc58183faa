import type { ReleaseIdentity } from '@nearside/artifact';
import type { NearsideError } from '@nearside/core';
import type { WhichVersion } from '../protocol.js';
import type { AvailableBackend } from '../runtime-assets.js';
import { type Attempt, attemptBackend, type StartSteps, serveStarted } from './attempt-backend.js';
import type { ModelContext, Serving } from './serving.js';

/** What to do where the first backend, or the installed version, does not work: it is in the second chunk. */
export interface StartHelp {
  /** @param first what came of the first of the backends */
  tryBackends(
    context: ModelContext,
    backends: readonly AvailableBackend[],
    steps: StartSteps,
    first: Attempt,
  ): Promise<Serving | undefined>;
  /** Serves the version before the one that `failed`. @throws the error, where there is none */
  servePrevious(
    context: ModelContext,
    failed: { readonly failed: ReleaseIdentity; readonly error: NearsideError },
    start: (which: WhichVersion) => Promise<Serving | undefined>,
  ): Promise<Serving>;
}

/**
 * Starts a version on the first backend of an order, or on the one that this leads to, which nearly
 * always works; what to do where it does not is loaded then.
 *
 * @returns undefined when there is no such version
 * @throws as `tryBackends`; when that cannot be loaded, the failure itself
 */
export async function startFirst(
  context: ModelContext,
  backends: readonly AvailableBackend[],
  steps: StartSteps,
  help: () => Promise<StartHelp>,
): Promise<Serving | undefined> {
  const attempt = await attemptBackend(backends, context, steps);
  switch (attempt.kind) {
    case 'started':
      return serveStarted(context, attempt.started, []);
    case 'no-version':
      return undefined;
    case 'elsewhere':
      return startFirst(context, attempt.order, steps, help);
  }
  const { tryBackends } = await help().catch((error) => {
    throw attempt.kind === 'failed' ? attempt.error : error;
  });
  return tryBackends(context, backends, steps, attempt);
}
