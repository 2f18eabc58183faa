import { NearsideError } from '@nearside/core';
import { AVAILABLE_BACKENDS, type AvailableBackend, backendAssets } from '../runtime-assets.js';
import type { StartWorker } from '../start-own-worker.js';
import type { Host } from './host.js';

/** Backends that can be started here at all. */
export const hostedBackends: readonly AvailableBackend[] = AVAILABLE_BACKENDS;

/**
 * Starts a backend's worker, or the app's own for it.
 *
 * @throws NearsideError `worker-blocked`; what `startOwn` throws
 */
export async function startHost(
  backend: AvailableBackend,
  assets?: string,
  startOwn?: StartWorker,
): Promise<Host> {
  const { worker: script, wasm } = backendAssets(backend, assets);
  const worker = startOwn?.(backend) ?? startWorker(script, `nearside ${backend}`);
  return {
    endpoint: worker,
    runtimeWasm: wasm?.href,
    onFailure(listener) {
      // A script that fails to load gives an event without a message.
      worker.addEventListener('error', (event) =>
        listener({
          message: event.message || `${startOwn ? 'its file' : script.href} did not load`,
          cause: event.error,
        }),
      );
      worker.addEventListener('messageerror', () =>
        listener({ message: 'a message could not be read' }),
      );
    },
    terminate: () => worker.terminate(),
  };
}

function startWorker(script: URL, name: string): Worker {
  try {
    return new Worker(script, { type: 'module', name });
  } catch (cause) {
    throw new NearsideError(
      'worker-blocked',
      `Expected to start a worker from ${script.href}, got a refusal. It must have the page's own ` +
        'origin and be allowed by `worker-src` of its Content-Security-Policy; `assets` names ' +
        'another folder.',
      { cause, details: { script: script.href } },
    );
  }
}

export { openBrowserStore as openStore } from './open-store.js';
