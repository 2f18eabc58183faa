import { createDeferred, isNearsideError, NearsideError } from '@nearside/core';
import { compileResponse, requireWebAssembly } from '../shared/compile-wasm.js';
import { fetchRuntimeFile } from '../shared/fetch-runtime-file.js';
import { ASKS_WASM, isWasmMessage, type RuntimeRequest } from '../shared/protocol.js';
import type { LoadProgress } from './load-progress.js';

export type Wasm = WebAssembly.Module | undefined;

/** The largest file has 4.1 MB with gzip: at 14 KB/s, ms. Nobody sees meanwhile how much of it has come. */
const LONGEST_MS = 300_000;

export interface WasmSource {
  /**
   * Its address, or the bytes; undefined for a backend that has none. The address's fragment, where it has one, is the
   * hash that the file must have.
   */
  readonly wasm: RuntimeRequest['wasm'];
  /** Bytes that it has on the wire, with its worker: not every server says how much it sends. */
  readonly usualBytes: number;
  /** There is a page that compiles it for all its workers. */
  readonly hasPage: boolean;
}

/**
 * Gets a runtime's own wasm file, compiled: from the page, or by itself where the page cannot have it. It comes from where
 * the library comes from and lives in the HTTP cache or the service worker's, not in the verified store.
 *
 * The browser compiles it while it arrives, from the very response that it got: only of such a module it keeps the
 * machine code for the next visit. Nobody else can read that response, so progress goes on by the clock meanwhile.
 *
 * @throws NearsideError `wasm-blocked` or `assets-unreachable`
 */
export async function compileRuntimeWasm(
  { wasm, usualBytes, hasPage }: WasmSource,
  progress: LoadProgress,
): Promise<Wasm> {
  if (wasm === undefined) return undefined;
  requireAllowed();
  if (typeof wasm !== 'string') return WebAssembly.compile(wasm);
  progress.expect('runtime', usualBytes);
  try {
    const module =
      (hasPage ? await askPage(progress) : undefined) ?? (await compileFile(wasm, progress));
    progress.arrive('runtime');
    return module;
  } catch (cause) {
    throw isNearsideError(cause) ? cause : unreachable(wasm, inWords(cause, wasm), cause);
  }
}

/** @returns undefined where the page's policy refuses, what it got is wrong, or the module cannot be posted */
async function askPage(progress: LoadProgress): Promise<Wasm> {
  const { promise: answered, resolve, reject } = createDeferred<Wasm>();
  const listening = new AbortController();
  const { signal } = listening;
  let stop = () => {};
  globalThis.addEventListener(
    'message',
    ({ data }) => {
      if (!isWasmMessage(data)) return;
      if (data.sentBytes === undefined) resolve(data.module);
      else stop = progress.comesUnseen(data.sentBytes, true);
    },
    { signal },
  );
  globalThis.addEventListener('messageerror', () => resolve(undefined), { signal });
  const timer = setTimeout(reject, LONGEST_MS);
  globalThis.postMessage(ASKS_WASM);
  try {
    return await answered;
  } finally {
    clearTimeout(timer);
    listening.abort();
    stop();
  }
}

async function compileFile(wasm: string, progress: LoadProgress): Promise<WebAssembly.Module> {
  try {
    return await compileOnce(wasm, 'default', progress);
  } catch (error) {
    if (!(error instanceof WebAssembly.CompileError)) throw error;
    return compileOnce(wasm, 'reload', progress); // what the HTTP cache has may be broken
  }
}

async function compileOnce(
  wasm: string,
  cache: RequestCache,
  progress: LoadProgress,
): Promise<WebAssembly.Module> {
  const signal = AbortSignal.timeout(LONGEST_MS);
  const response = await fetchRuntimeFile(new URL(wasm), { signal, cache });
  const type = response.headers.get('content-type') ?? '';
  if (!response.ok) throw unreachable(wasm, `status ${response.status}`);
  if (type.startsWith('text/html')) throw unreachable(wasm, 'a web page');
  const stop = progress.comesUnseen(Number(response.headers.get('content-length')));
  return compileResponse(response).finally(stop);
}

function requireAllowed(): void {
  try {
    requireWebAssembly();
  } catch (cause) {
    throw new NearsideError(
      'wasm-blocked',
      "Expected WebAssembly to be allowed, got a refusal: add 'wasm-unsafe-eval' to " +
        '`script-src` of the Content-Security-Policy.',
      { cause },
    );
  }
}

function inWords(cause: unknown, wasm: string): string {
  if (cause instanceof WebAssembly.CompileError) return cause.message;
  return `no answer, ${wasm.includes('#') ? "another file than this build's, " : ''}or half of one`;
}

function unreachable(address: string, got: string, cause?: unknown): NearsideError {
  return new NearsideError(
    'assets-unreachable',
    `Expected a runtime file at ${address.split('#')[0]}, got ${got}. Serve the package's dist/assets there, or ` +
      'pass `assets`.',
    { cause, details: { address, got }, retryable: true },
  );
}
