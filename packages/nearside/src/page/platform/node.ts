import { setMaxListeners } from 'node:events';
import { readFile } from 'node:fs/promises';
import { NearsideError } from '@nearside/core';
import { backendFiles } from '#runtime-files';
import type { AvailableBackend } from '../../shared/api/backends.js';
import type { Attach, ServerEndpoint } from '../../shared/protocol.js';
import type { BackendWorker, WorkerSource } from './host.js';
import { openStore } from './node-store.js';

/** Backends that can be started here at all. */
export const hostedBackends: readonly AvailableBackend[] = ['onnx-wasm'];

/** The small file saves nothing here: a disk is fast, and a process cannot start anew after a trap. */
export const mayBeCommon = false;

/** As in browsers; nothing here has a policy on workers. */
export const elsewhere = () => import('./start-elsewhere.js');

/**
 * Starts a backend in this thread: the same worker file, attached to one end of a channel per model.
 *
 * @throws NearsideError `no-backend` for backends that have no Node host: TensorFlow.js and WebGPU
 */
export async function startBackendWorker(
  backend: AvailableBackend,
  { assets, worker: startOwn, isUnsigned }: WorkerSource,
): Promise<BackendWorker> {
  if (startOwn) {
    throw new NearsideError('worker-blocked', 'Expected a browser for `worker`, got Node.');
  }
  if (!hostedBackends.includes(backend)) {
    throw new NearsideError('no-backend', `${backend}: expected a browser, got Node.`, {
      details: { backend },
    });
  }
  const { attach, runtimeWasm, stepsFile } = await loadFiles(backend, { assets, isUnsigned }).catch(
    (cause) => {
      throw notBeside(cause);
    },
  );
  const open = new Set<() => void>();
  return {
    runtimeWasm,
    stepsFile,
    isReady: true,
    attach() {
      const { port1, port2 } = new MessageChannel();
      const detach = attach(port2 as unknown as ServerEndpoint, { openStore });
      const close = () => {
        open.delete(close);
        // Nobody is left to be told of a failure while ending.
        void detach().catch(() => {});
        port1.close();
        port2.close();
      };
      open.add(close);
      return { endpoint: port1 as unknown as MessagePort, close };
    },
    onFailure() {
      // A failure of this thread ends the caller too.
    },
    terminate() {
      for (const close of [...open]) close();
    },
  };
}

async function loadFiles(
  backend: AvailableBackend,
  { assets, isUnsigned }: Pick<WorkerSource, 'assets' | 'isUnsigned'>,
) {
  const { worker: script, steps, wasm } = backendFiles(backend, assets);
  // Another address makes another module, with a runtime and a heap of its own.
  if (isUnsigned) script.search = 'unsigned';
  const address = script.href;
  const { default: attach }: { default: Attach } = await import(
    /* @vite-ignore */ /* webpackIgnore: true */ /* turbopackIgnore: true */ address
  );
  const runtimeWasm = wasm && new Uint8Array(await readFile(wasm));
  return { attach, runtimeWasm, stepsFile: steps.href };
}

/** A server's bundler leaves the library's files behind, or moves them. */
function notBeside(cause: Error): NearsideError {
  return new NearsideError(
    'assets-unreachable',
    `Expected the library's own files beside it, got: ${cause.message.replace(/\.$/, '')}. A bundled server lacks them: keep ` +
      "the package out of the bundle (Next.js: serverExternalPackages: ['nearside']), or pass `assets`.",
    { cause },
  );
}

/** Node warns of a leak at more than ten listeners. Many calls may share a signal, and each removes its own. */
export function expectListeners(signal: AbortSignal | undefined): void {
  if (signal) setMaxListeners(0, signal);
}
