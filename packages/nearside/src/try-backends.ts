import { NearsideError } from '@nearside/core';
import { isAnothersLoss, isBackendFault } from './backend-fault.js';
import type { ModelEmitter } from './events.js';
import type { OpenPlan } from './open-options.js';
import type { AvailableBackend } from './runtime-assets.js';
import type { QuarantinedBackend, Serving, Started } from './serving.js';

/**
 * Starts a version on the first backend that can: each in a worker, in this order. Only
 * a backend's own failure leads to the next one.
 *
 * @param start undefined when there is no such version
 * @throws NearsideError `no-backend` with every backend's failure; what else `start` throws
 */
export async function tryBackends(
  { plan, emitter }: { plan: OpenPlan; emitter: ModelEmitter },
  backends: readonly AvailableBackend[],
  start: (backend: AvailableBackend) => Promise<Started | undefined>,
): Promise<Serving | undefined> {
  const failures: QuarantinedBackend[] = [];
  let first: NearsideError | undefined;
  for (const backend of backends) {
    try {
      const started = await undisturbed(() => start(backend));
      if (!started) return undefined;
      emitter.emit('backend-selected', { backend, variant: started.variant.name });
      return { ...started, quarantined: failures };
    } catch (error) {
      if (!isBackendFault(error)) throw error;
      first ??= error;
      const { code, message } = error;
      failures.push({ backend, code, message });
      emitter.emit('backend-quarantined', { backend, code, message });
    }
  }
  throw plan.isBackendForced && first ? first : noBackend(plan, { failures, first });
}

/** How often a start is done again because another model had the worker ended. */
const DISTURBANCES = 2;

async function undisturbed<Value>(start: () => Promise<Value>): Promise<Value> {
  for (let left = DISTURBANCES; ; left -= 1) {
    try {
      return await start();
    } catch (error) {
      if (left === 0 || !isAnothersLoss(error)) throw error;
    }
  }
}

function noBackend(
  { address }: OpenPlan,
  {
    failures,
    first,
  }: { failures: readonly QuarantinedBackend[]; first: NearsideError | undefined },
) {
  return new NearsideError(
    'no-backend',
    `${address.model}: expected a backend that computes the right numbers on this device, got none. ` +
      failures.map(({ message }) => message).join(' '),
    { cause: first, details: { failures } },
  );
}
