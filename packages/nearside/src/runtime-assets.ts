import { AVAILABLE_BACKENDS, type AvailableBackend, DEFAULT_BACKENDS } from './api/backends.js';
import { ASSETS, checkOptions } from './options/check-options.js';
import { NO_OPTIONS, ownOptions } from './options/option-rules.js';

/** The files a backend needs at run time: its worker and its runtime's wasm, if it has one. */
export interface BackendAssets {
  readonly worker: URL;
  readonly wasm: URL | undefined;
}

/** Names in `dist/assets`, for those who copy that folder somewhere. */
const FILE_NAMES: Record<AvailableBackend, { worker: string; wasm?: string }> = {
  'onnx-wasm': { worker: 'worker-onnx-wasm.js', wasm: 'ort-wasm-simd-threaded.wasm' },
  'onnx-webgpu': {
    worker: 'worker-onnx-webgpu.js',
    wasm: 'ort-wasm-simd-threaded.asyncify.wasm',
  },
  'tfjs-wasm': { worker: 'worker-tfjs-wasm.js', wasm: 'tfjs-backend-wasm-simd.wasm' },
  'tfjs-webgpu': { worker: 'worker-tfjs-webgpu.js' },
};

/**
 * Where a backend's files are. Bundlers find them through the literal `new URL(…)`s and copy them
 * as they are; a worker that is bundled again loses its own address, which its runtime needs.
 *
 * @param base folder that holds a copy of `dist/assets`, from the `assets` option
 */
export function backendAssets(backend: AvailableBackend, base?: string): BackendAssets {
  if (base !== undefined) {
    const folder = assetsFolder(base);
    const { worker, wasm } = FILE_NAMES[backend];
    return { worker: new URL(worker, folder), wasm: wasm ? new URL(wasm, folder) : undefined };
  }
  switch (backend) {
    case 'onnx-wasm':
      return {
        worker: new URL('./assets/worker-onnx-wasm.js', import.meta.url),
        wasm: new URL('./assets/ort-wasm-simd-threaded.wasm', import.meta.url),
      };
    case 'onnx-webgpu':
      return {
        worker: new URL('./assets/worker-onnx-webgpu.js', import.meta.url),
        wasm: new URL('./assets/ort-wasm-simd-threaded.asyncify.wasm', import.meta.url),
      };
    case 'tfjs-wasm':
      return {
        worker: new URL('./assets/worker-tfjs-wasm.js', import.meta.url),
        wasm: new URL('./assets/tfjs-backend-wasm-simd.wasm', import.meta.url),
      };
    case 'tfjs-webgpu':
      return {
        worker: new URL('./assets/worker-tfjs-webgpu.js', import.meta.url),
        wasm: undefined,
      };
  }
}

/** @param base as the `assets` option gives it: with a slash at its end or without, from the page's address on */
export function assetsFolder(base: string): URL {
  return new URL(base.endsWith('/') ? base : `${base}/`, globalThis.location?.href);
}

/**
 * Addresses of the worker and wasm files that a service worker must precache for an offline app.
 *
 * @param backends those the app uses; by default those that `open` tries by itself
 * @param assets as passed to `open`
 * @throws TypeError or RangeError for wrong options
 */
export function runtimeAssets(
  given: { backends?: readonly AvailableBackend[]; assets?: string } = NO_OPTIONS,
): string[] {
  const options = ownOptions(given);
  checkOptions('runtimeAssets', options, {
    backends: {
      fits: (names: unknown) =>
        Array.isArray(names) && names.every((name) => AVAILABLE_BACKENDS.includes(name)),
      expected: `a list of ${AVAILABLE_BACKENDS.join(', ')}`,
      error: RangeError,
    },
    assets: ASSETS,
  });
  const { backends = DEFAULT_BACKENDS, assets } = options;
  return backends.flatMap((backend) => {
    const { worker, wasm } = backendAssets(backend, assets);
    return wasm ? [worker.href, wasm.href] : [worker.href];
  });
}
