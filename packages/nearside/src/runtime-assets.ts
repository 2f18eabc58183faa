import type { Backend, Runtime } from '@nearside/core';

/** The two files a backend needs at run time: its worker and its runtime's wasm. */
export interface BackendAssets {
  readonly worker: URL;
  readonly wasm: URL;
}

/** Backends this build has a worker for, in prior order. */
export const AVAILABLE_BACKENDS = ['onnx-wasm', 'tfjs-wasm'] as const satisfies Backend[];
export type AvailableBackend = (typeof AVAILABLE_BACKENDS)[number];

/** The form of the weights that a backend loads. */
export function runtimeOf(backend: AvailableBackend): Runtime {
  return backend === 'onnx-wasm' ? 'onnx' : 'tfjs';
}

/** Names in `dist/assets`, for those who copy that folder somewhere. */
const FILE_NAMES = {
  'onnx-wasm': { worker: 'worker-onnx-wasm.js', wasm: 'ort-wasm-simd-threaded.wasm' },
  'tfjs-wasm': { worker: 'worker-tfjs-wasm.js', wasm: 'tfjs-backend-wasm-simd.wasm' },
} as const satisfies Record<AvailableBackend, Record<keyof BackendAssets, string>>;

/**
 * Where a backend's files are. Bundlers find them through the literal `new URL(…)`s and copy them
 * as they are; a worker that is bundled again loses its own address, which its runtime needs.
 *
 * @param base folder that holds a copy of `dist/assets`, from the `assets` option
 */
export function backendAssets(backend: AvailableBackend, base?: string): BackendAssets {
  if (base !== undefined) {
    const folder = new URL(base.endsWith('/') ? base : `${base}/`, globalThis.location?.href);
    const { worker, wasm } = FILE_NAMES[backend];
    return { worker: new URL(worker, folder), wasm: new URL(wasm, folder) };
  }
  switch (backend) {
    case 'onnx-wasm':
      return {
        worker: new URL('./assets/worker-onnx-wasm.js', import.meta.url),
        wasm: new URL('./assets/ort-wasm-simd-threaded.wasm', import.meta.url),
      };
    case 'tfjs-wasm':
      return {
        worker: new URL('./assets/worker-tfjs-wasm.js', import.meta.url),
        wasm: new URL('./assets/tfjs-backend-wasm-simd.wasm', import.meta.url),
      };
  }
}

/**
 * Addresses of the worker and wasm files that a service worker must precache for an offline app.
 *
 * @param backends those the app uses; all by default
 * @param assets as passed to `open`
 */
export function runtimeAssets({
  backends = AVAILABLE_BACKENDS,
  assets,
}: {
  backends?: readonly AvailableBackend[];
  assets?: string;
} = {}): string[] {
  return backends.flatMap((backend) => {
    const { worker, wasm } = backendAssets(backend, assets);
    return [worker.href, wasm.href];
  });
}
