import { BACKENDS, backendFiles } from '#runtime-files';
import type { AvailableBackend } from '../../shared/api/backends.js';
import { type AttachMessage, SAYS_READY } from '../../shared/protocol.js';
import { type BackendFiles, inFull } from '../runtime-files/in-folder.js';
import type { BackendWorker, WorkerSource } from './host.js';

/** Backends that can be started here at all. */
export const hostedBackends = BACKENDS;

/** Models may be served with ONNX Runtime's small file. */
export const mayBeCommon = true;

/**
 * Starts a backend's worker, or the app's own for it.
 *
 * @throws NearsideError `worker-blocked`, `assets-unreachable`; the error of `startOwn`
 */
export async function startBackendWorker(
  backend: AvailableBackend,
  { assets, worker: startOwn, runtime }: WorkerSource,
): Promise<BackendWorker> {
  const files = await held(backendFiles(backend, assets));
  const wasm = runtime === 'common' ? files.common : files.wasm;
  const script = inFull(files.worker);
  const steps = inFull(files.steps);
  const worker = startOwn?.(backend) ?? (await startWorker([script, steps], `nearside ${backend}`));
  /** Ports of models that came before the worker was ready: a module may still be loading. */
  let early: MessagePort[] | undefined = [];

  function give(port: MessagePort): void {
    const timings = JSON.stringify(performance.getEntriesByName(script.href));
    worker.postMessage({ nearside: 'attach', port, timings } satisfies AttachMessage, [port]);
  }

  worker.addEventListener('message', ({ data }) => {
    if (!String(data).startsWith(SAYS_READY)) return; // each port says it again, and `connect` compares
    for (const port of early ?? []) give(port);
    early = undefined;
  });
  return {
    runtimeWasm: wasm && inFull(wasm).href,
    stepsFile: steps.href,
    get isReady() {
      return early === undefined;
    },
    attach() {
      const { port1, port2 } = new MessageChannel();
      if (early) early.push(port2);
      else give(port2);
      return { endpoint: port1, close: () => port1.close() };
    },
    onFailure(listener) {
      // A script that fails to load gives an event without a message.
      worker.addEventListener('error', (event) =>
        listener({
          message: event.message || `${startOwn ? 'its file' : script.href} did not load`,
          cause: event.error,
          script: startOwn || event.message ? undefined : script.href,
        }),
      );
      worker.addEventListener('messageerror', () =>
        listener({ message: 'a message that could not be read' }),
      );
    },
    terminate: () => worker.terminate(),
  };
}

/** Copies on another origin get the hashes that they must have. */
async function held(files: BackendFiles): Promise<BackendFiles> {
  if (!files.areCopies || files.worker.origin === globalThis.origin) return files;
  const { hold } = await import('./start-elsewhere.js');
  for (const file of [files.worker, files.steps, files.wasm, files.common]) if (file) hold(file);
  return files;
}

/** @param files the worker's own, and what is appended to it where it cannot import that */
async function startWorker(files: readonly [URL, URL], name: string): Promise<Worker> {
  const [script] = files;
  try {
    if (script.origin === globalThis.origin) return new Worker(script, { type: 'module', name });
  } catch {
    // The page has Trusted Types, say.
  }
  const { startElsewhere } = await import('./start-elsewhere.js');
  return startElsewhere(files, name);
}

/** Many calls may listen to one signal. Only Node warns of that; browsers need nothing. */
export function expectListeners(_signal: AbortSignal | undefined): void {}
