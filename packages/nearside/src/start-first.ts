import { attemptBackend, type StartSteps, serveStarted } from './attempt-backend.js';
import { loadLater } from './load-later.js';
import type { AvailableBackend } from './runtime-assets.js';
import type { Serving, ServingContext } from './serving.js';

/**
 * Starts a version on the first backend of an order, which nearly always works; what to do where it
 * does not is loaded then.
 *
 * @returns undefined when there is no such version
 * @throws as `tryBackends`; when that cannot be loaded, the failure itself
 */
export async function startFirst(
  context: ServingContext,
  [backend, ...others]: readonly AvailableBackend[],
  steps: StartSteps,
): Promise<Serving | undefined> {
  if (!backend) return undefined;
  const attempt = await attemptBackend(backend, context, steps);
  if (attempt.kind === 'started') return serveStarted(context, attempt.started, []);
  if (attempt.kind === 'no-version') return undefined;
  const { tryBackends } = await loadLater().catch((error) => {
    throw attempt.kind === 'failed' ? attempt.error : error;
  });
  return tryBackends(context, others, steps, { backend, attempt });
}
