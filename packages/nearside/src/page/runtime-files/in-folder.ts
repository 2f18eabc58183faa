import type { AvailableBackend } from '../../shared/api/backends.js';

/** The files a backend needs at run time: its worker and its runtime's wasm, if it has one. */
export interface BackendFiles {
  readonly worker: URL;
  /** Steps that few models name; its fragment is as that of `wasm`. */
  readonly steps: URL;
  /** Its fragment, where there is one, is the hash that the file must have, as `integrity` takes it. */
  readonly wasm: URL | undefined;
  /** The part of that file that most models use, where there is one. */
  readonly common?: URL | undefined;
  /** They are in a copy of `dist/assets`. Those of another origin must be the ones that this build was made with. */
  readonly areCopies?: boolean;
}

/** Names in `dist/assets`, for those who copy that folder somewhere. */
const WASM: Partial<Record<AvailableBackend, string>> = {
  'onnx-wasm': 'ort-wasm-simd-threaded.wasm',
  'onnx-webgpu': 'ort-wasm-simd-threaded.jspi.wasm',
  'tfjs-wasm': 'tfjs-backend-wasm-simd.wasm',
};

/** @param folder holds a copy of `dist/assets` */
export function filesInFolder(backend: AvailableBackend, folder: URL): BackendFiles {
  const wasm = WASM[backend];
  return {
    worker: new URL(`worker-${backend}.js`, folder),
    steps: new URL('steps.js', folder),
    wasm: wasm ? new URL(wasm, folder) : undefined,
    common: backend === 'onnx-wasm' ? new URL('ort-common.wasm', folder) : undefined,
    areCopies: true,
  };
}

/**
 * Gives an address its origin. `new URL(…, import.meta.url)` has none in a build by Next, and a worker that is
 * started from a Blob could not resolve it.
 */
export function inFull({ href }: URL): URL {
  return new URL(href, globalThis.location?.href);
}

/** @param assets the option: with a slash at its end or without, relative to the page's address */
export function assetsFolder(assets: string): URL {
  return new URL(assets.endsWith('/') ? assets : `${assets}/`, globalThis.location?.href);
}
