import { compileResponse, requireWebAssembly } from '../../shared/compile-wasm.js';
import { fetchRuntimeFile } from '../../shared/fetch-runtime-file.js';
import { ASKS_WASM, type WasmMessage } from '../../shared/protocol.js';

/** A runtime's file, fetched and compiled once for all workers of this page that run it. */
interface SharedWasm {
  readonly ending: AbortController;
  workers: number;
  response?: Promise<Response> | undefined;
  module?: Promise<WebAssembly.Module> | undefined;
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
  const file: SharedWasm = files.get(href) ?? { ending: new AbortController(), workers: 0 };
  files.set(href, file);
  file.workers += 1;

  function forget(): void {
    file.response = undefined;
    file.module = undefined;
  }

  /** @param isAsked the worker waits for it; before that nobody hears what is told */
  async function fetchFile(isAsked?: boolean): Promise<void> {
    let module: WebAssembly.Module | undefined;
    const tell = (message: object) =>
      isAsked && worker.postMessage({ nearside: 'wasm', ...message } satisfies WasmMessage);
    try {
      requireWebAssembly(); // where the page's policy refuses it, nothing is fetched
      file.response ??= fetchRuntimeFile(wasm, { signal: file.ending.signal });
      const response = await file.response;
      tell({ sentBytes: Number(response.headers.get('content-length')) });
      file.module ??= compileResponse(response);
      module = await file.module;
    } catch {
      forget(); // it is asked for again when a worker asks
    }
    try {
      tell({ module });
    } catch {
      tell({}); // it compiles for itself
    }
  }

  if (isSure) void fetchFile();
  worker.addEventListener('message', ({ data }) => {
    if (data === ASKS_WASM) void fetchFile(true);
  });
  return () => {
    file.workers -= 1;
    if (file.workers > 0) return;
    files.delete(href);
    file.ending.abort();
    forget(); // a model at rest still knows its worker
  };
}
