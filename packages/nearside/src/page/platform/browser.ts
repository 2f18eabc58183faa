import { createDeferred } from '@nearside/core';
import { BACKENDS, backendFiles } from '#runtime-files';
import type { AvailableBackend } from '../../shared/api/backends.js';
import { runsOnCpu } from '../../shared/contenders.js';
import { type AttachMessage, SAYS_READY } from '../../shared/protocol.js';
import { inFull } from '../runtime-files/in-folder.js';
import type { BackendWorker, WorkerSource } from './host.js';
import { shareWasm } from './shared-wasm.js';

/** Backends that can be started here at all. */
export const hostedBackends = BACKENDS;

/** Models may be served with ONNX Runtime's small file. */
export const mayBeCommon = true;

/** Starts workers where `new Worker(address)` does not do. The second part asks for it here: its script has no copy. */
export const elsewhere = () => import('./start-elsewhere.js');

/**
 * Starts a backend's worker, or the app's own for it.
 *
 * @throws NearsideError `worker-blocked`, `assets-unreachable`; the error of `startOwn`
 */
export async function startBackendWorker(
  backend: AvailableBackend,
  { assets, worker: startOwn, runtime, isSure }: WorkerSource,
): Promise<BackendWorker> {
  const files = backendFiles(backend, assets);
  const ofRuntime = runtime === 'common' ? files.common : files.wasm;
  if (files.areCopies && files.worker.origin !== globalThis.origin) {
    const { hold } = await elsewhere();
    hold(files.worker, files.steps, ofRuntime);
  }
  const wasm = ofRuntime && inFull(ofRuntime);
  const script = inFull(files.worker);
  const steps = inFull(files.steps);
  const worker = startOwn?.(backend) ?? (await startWorker([script, steps], `nearside ${backend}`));
  const endSharing = wasm && shareWasm(wasm, { worker, isSure: isSure && runsOnCpu(backend) });
  const ready = createDeferred<void>();
  let isReady = false;

  worker.addEventListener('message', ({ data }) => {
    if (!String(data).startsWith(SAYS_READY)) return; // each port says it again, and `connect` compares
    isReady = true;
    ready.resolve();
  });
  return {
    runtimeWasm: wasm?.href,
    stepsFile: steps.href,
    get isReady() {
      return isReady;
    },
    attach() {
      const { port1, port2 } = new MessageChannel();
      // Before that a module of it may still be loading, and messages would be lost.
      void ready.promise.then(() => {
        const timings = JSON.stringify(performance.getEntriesByName(script.href));
        const message: AttachMessage = { nearside: 'attach', port: port2, timings };
        worker.postMessage(message, [port2]);
      });
      return { endpoint: port1, close: () => port1.close() };
    },
    onFailure(listener) {
      // A script that fails to load gives an event without a message.
      worker.addEventListener('error', ({ message, error: cause }) =>
        listener({
          message: message || `${startOwn ? 'its file' : script.href} did not load`,
          cause,
          script: startOwn || message ? undefined : script.href,
        }),
      );
      worker.addEventListener('messageerror', () =>
        listener({ message: 'a message that could not be read' }),
      );
    },
    terminate() {
      worker.terminate();
      endSharing?.();
    },
  };
}

/** @param files the worker's own, and what is appended to it where it cannot import that */
async function startWorker(files: readonly [URL, URL], name: string): Promise<Worker> {
  const [script] = files;
  try {
    if (script.origin === globalThis.origin) return new Worker(script, { type: 'module', name });
  } catch {
    // The page has Trusted Types, say.
  }
  const { startElsewhere } = await elsewhere();
  return startElsewhere(files, name);
}

/** Many calls may listen to one signal. Only Node warns of that; browsers need nothing. */
export function expectListeners(_signal: AbortSignal | undefined): void {}
