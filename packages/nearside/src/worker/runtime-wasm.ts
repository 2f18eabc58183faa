import { startTransfer, type Transfer } from '@nearside/artifact';
import { isNearsideError, NearsideError } from '@nearside/core';
import type { LoadProgress } from './load-progress.js';

/** `\0asm` and version 1: the smallest module there is. */
const EMPTY_MODULE = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

/**
 * Fetches a runtime's own wasm file. It comes from where the library comes from and lives in the
 * HTTP cache or the service worker's, not in the verified store.
 *
 * @param wasm its address, or the bytes; undefined for a backend that has none. The address's fragment, where it
 *   has one, is the hash that the file must have
 * @throws NearsideError `wasm-blocked` or `assets-unreachable`
 */
export async function fetchRuntimeWasm(
  wasm: string | Uint8Array<ArrayBuffer> | undefined,
  progress: LoadProgress,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (wasm === undefined) return undefined;
  requireWebAssembly();
  if (typeof wasm !== 'string') return wasm;
  const transfer = startTransfer([]);
  try {
    return await download(wasm, progress, transfer);
  } catch (cause) {
    throw isNearsideError(cause) ? cause : unreachable(wasm, 'no answer, or half of one', cause);
  } finally {
    transfer.end();
  }
}

async function download(
  wasm: string,
  progress: LoadProgress,
  transfer: Transfer,
): Promise<Uint8Array<ArrayBuffer>> {
  const [, integrity = ''] = wasm.split('#');
  const response = await fetch(wasm, { signal: transfer.signal, integrity });
  const html = response.headers.get('content-type')?.startsWith('text/html');
  if (!response.ok || html)
    throw unreachable(wasm, html ? 'a web page' : `status ${response.status}`);
  progress.expect(Number(response.headers.get('content-length')) || 0);
  const counted = response.body?.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(piece, controller) {
        transfer.progress(piece.length);
        progress.arrive('runtime', piece.length);
        controller.enqueue(piece);
      },
    }),
  );
  return new Uint8Array(await new Response(counted ?? null).arrayBuffer());
}

function requireWebAssembly(): void {
  try {
    new WebAssembly.Module(EMPTY_MODULE);
  } catch (cause) {
    throw new NearsideError(
      'wasm-blocked',
      "Expected to be allowed to compile WebAssembly, got a refusal. Add 'wasm-unsafe-eval' to " +
        "`script-src` of the page's Content-Security-Policy.",
      { cause },
    );
  }
}

function unreachable(address: string, got: string, cause?: unknown): NearsideError {
  return new NearsideError(
    'assets-unreachable',
    `Expected a runtime file at ${address}, got ${got}. Serve the package's dist/assets folder ` +
      'there, or pass its address: open(url, { assets: … }).',
    { cause, details: { address, got }, retryable: true },
  );
}
