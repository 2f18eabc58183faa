import { NearsideError } from '@nearside/core';
import type { StartWorker } from '../open-options.js';
import { type AvailableBackend, backendAssets } from '../runtime-assets.js';
import type { Host } from './host.js';

/**
 * Starts a backend's worker, or the app's own for it.
 *
 * @throws NearsideError `worker-blocked`, `no-backend` where the app has none; what `startOwn` throws
 */
export async function startHost(
  backend: AvailableBackend,
  assets?: string,
  startOwn?: StartWorker,
): Promise<Host> {
  const { worker: script, wasm } = backendAssets(backend, assets);
  const worker = startOwn
    ? startOwnWorker(startOwn, backend)
    : startWorker(script, `nearside ${backend}`);
  const source = startOwn ? "the app's own worker" : script.href;
  return {
    endpoint: worker,
    runtimeWasm: wasm?.href,
    onFailure(listener) {
      // A script that fails to load gives an event without a message.
      worker.addEventListener('error', (event) =>
        listener({ message: event.message || `${source} did not load`, cause: event.error }),
      );
      worker.addEventListener('messageerror', () =>
        listener({ message: 'a message could not be read' }),
      );
    },
    terminate: () => worker.terminate(),
  };
}

function startOwnWorker(startOwn: StartWorker, backend: AvailableBackend): Worker {
  const worker = startOwn(backend);
  if (worker instanceof Worker) return worker;
  if (worker !== undefined) {
    throw new TypeError(`open: expected \`worker\` to return a Worker; got ${typeof worker}`);
  }
  throw new NearsideError(
    'no-backend',
    `${backend}: expected a worker of the app's own, got none: \`worker\` returned undefined for it.`,
    { details: { backend } },
  );
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
