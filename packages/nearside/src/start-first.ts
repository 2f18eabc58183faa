import { isNearsideError } from '@nearside/core';
import { attemptBackend, type StartSteps, serveStarted } from './attempt-backend.js';
import { loadLater } from './load-later.js';
import type { AvailableBackend } from './runtime-assets.js';
import type { Serving, ServingContext } from './serving.js';

/**
 * Starts a version on the first backend of an order that loads it, which nearly always works; what to
 * do about a failure is loaded when there is one.
 *
 * @returns undefined when there is no such version
 * @throws as `tryBackends`; when that cannot be loaded, the failure itself
 */
export async function startFirst(
  context: ServingContext,
  order: readonly AvailableBackend[],
  steps: StartSteps,
): Promise<Serving | undefined> {
  let [backend, ...waiting] = order as [AvailableBackend, ...AvailableBackend[]];
  for (;;) {
    const attempt = await attemptBackend(backend, context, steps);
    if (attempt.kind === 'started') return serveStarted(context, attempt.started, []);
    if (attempt.kind === 'no-version') return undefined;
    const others = waiting.filter((name) => attempt.kind !== 'lighter' || name !== attempt.backend);
    const next = attempt.kind === 'lighter' ? attempt.backend : others[0];
    const isNoCandidate = attempt.kind === 'failed' && hasNoVariant(attempt.error);
    if (next && (attempt.kind === 'lighter' || isNoCandidate)) {
      waiting = attempt.kind === 'lighter' ? [backend, ...others] : others.slice(1);
      backend = next;
      continue;
    }
    const { tryBackends } = await loadLater().catch((error) => {
      throw attempt.kind === 'failed' ? attempt.error : error;
    });
    return tryBackends(context, waiting, steps, { backend, attempt });
  }
}

/** A backend for which the publisher has made no variant is no candidate. */
function hasNoVariant(error: unknown): boolean {
  return isNearsideError(error) && error.code === 'no-backend' && 'offered' in error.details;
}
