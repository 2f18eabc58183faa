import { NearsideError } from '@nearside/core';
import { isBackendFault } from './backend-fault.js';
import type { ModelEmitter } from './events.js';
import type { OpenPlan } from './open-options.js';
import type { AvailableBackend } from './runtime-assets.js';
import type { QuarantinedBackend, Serving, Started } from './serving.js';

/**
 * Starts a version on the first backend that can: each in a worker of its own, in this order. Only
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
      const started = await start(backend);
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
