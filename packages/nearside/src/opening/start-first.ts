import { loadLater } from '../later/load-later.js';
import type { AvailableBackend } from '../runtime-assets.js';
import { attemptBackend, type StartSteps, serveStarted } from './attempt-backend.js';
import type { Serving, ServingContext } from './serving.js';

/**
 * Starts a version on the first backend of an order, or on the one that this leads to, which nearly
 * always works; what to do where it does not is loaded then.
 *
 * @returns undefined when there is no such version
 * @throws as `tryBackends`; when that cannot be loaded, the failure itself
 */
export async function startFirst(
  context: ServingContext,
  backends: readonly AvailableBackend[],
  steps: StartSteps,
): Promise<Serving | undefined> {
  const attempt = await attemptBackend(backends, context, steps);
  switch (attempt.kind) {
    case 'started':
      return serveStarted(context, attempt.started, []);
    case 'no-version':
      return undefined;
    case 'elsewhere':
      return startFirst(context, attempt.order, steps);
  }
  const { tryBackends } = await loadLater().catch((error) => {
    throw attempt.kind === 'failed' ? attempt.error : error;
  });
  return tryBackends(context, backends, steps, attempt);
}
