import { compileResponse, requireWebAssembly } from '../../shared/compile-wasm.js';
import { ASKS_WASM, type WasmMessage } from '../../shared/protocol.js';

/** A runtime's file, fetched and compiled once for all workers of this page that run it. */
interface SharedWasm {
  readonly ending: AbortController;
  workers: number;
  response: Promise<Response> | undefined;
  module: Promise<WebAssembly.Module> | undefined;
}

/** Those that workers run, by their addresses. */
const files = new Map<string, SharedWasm>();

/**
 * Gives a worker the module of its runtime's file when it asks.
 *
 * @param options.isSure it will ask, so the file is fetched while it starts
 * @returns a function for when the worker ends; the last one ends what is under way
 */
export function shareWasm(
  wasm: URL,
  { worker, isSure }: { worker: Worker; isSure: boolean },
): () => void {
  const { href } = wasm;
  const file = files.get(href) ?? {
    ending: new AbortController(),
    workers: 0,
    response: undefined,
    module: undefined,
  };
  files.set(href, file);
  file.workers += 1;

  function forget(): void {
    file.response = undefined;
    file.module = undefined;
  }

  async function give(): Promise<void> {
    let module: WebAssembly.Module | undefined;
    try {
      file.response ??= fetchWasm(wasm, file.ending.signal);
      const response = await file.response;
      const sentBytes = Number(response.headers.get('content-length'));
      worker.postMessage({ nearside: 'wasm', sentBytes } satisfies WasmMessage);
      file.module ??= compileResponse(response);
      module = await file.module;
    } catch {
      forget(); // it is asked for again when a worker asks
    }
    try {
      worker.postMessage({ nearside: 'wasm', module } satisfies WasmMessage);
    } catch {
      worker.postMessage({ nearside: 'wasm' } satisfies WasmMessage); // it compiles for itself
    }
  }

  if (isSure) void give(); // nobody hears what is told so early
  worker.addEventListener('message', ({ data }) => {
    if (data === ASKS_WASM) void give();
  });
  return () => {
    file.workers -= 1;
    if (file.workers > 0) return;
    files.delete(href);
    file.ending.abort();
    forget(); // a model at rest still knows its worker
  };
}

/**
 * @param wasm its fragment, where it has one, is the hash that the file must have
 * @throws where the page's policy refuses WebAssembly, or no answer comes
 */
async function fetchWasm(wasm: URL, signal: AbortSignal): Promise<Response> {
  requireWebAssembly();
  return fetch(wasm, { signal, integrity: wasm.hash.slice(1) });
}
