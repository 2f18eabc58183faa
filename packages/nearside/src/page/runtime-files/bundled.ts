import { AVAILABLE_BACKENDS, type AvailableBackend } from '../../shared/api/backends.js';
import { assetsFolder, type BackendFiles, filesInFolder } from './in-folder.js';

/** Backends that this build has files of. */
export const BACKENDS: readonly AvailableBackend[] = AVAILABLE_BACKENDS;

/**
 * Addresses of a backend's files. Bundlers find them through the literal `new URL(…)`s and copy them
 * as they are; a worker that is bundled again loses its own address, which its runtime needs.
 *
 * @param assets folder that holds a copy of `dist/assets`, as the option gives it
 */
export function backendFiles(backend: AvailableBackend, assets?: string): BackendFiles {
  if (assets !== undefined) return filesInFolder(backend, assetsFolder(assets));
  const steps = new URL('../../assets/steps.js', import.meta.url);
  switch (backend) {
    case 'onnx-wasm':
      return {
        worker: new URL('../../assets/worker-onnx-wasm.js', import.meta.url),
        steps,
        wasm: new URL('../../assets/ort-wasm-simd-threaded.wasm', import.meta.url),
        common: new URL('../../assets/ort-common.wasm', import.meta.url),
      };
    case 'onnx-webgpu':
      return {
        worker: new URL('../../assets/worker-onnx-webgpu.js', import.meta.url),
        steps,
        wasm: new URL('../../assets/ort-wasm-simd-threaded.jspi.wasm', import.meta.url),
      };
    case 'tfjs-wasm':
      return {
        worker: new URL('../../assets/worker-tfjs-wasm.js', import.meta.url),
        steps,
        wasm: new URL('../../assets/tfjs-backend-wasm-simd.wasm', import.meta.url),
      };
    case 'tfjs-webgpu':
      return {
        worker: new URL('../../assets/worker-tfjs-webgpu.js', import.meta.url),
        steps,
        wasm: undefined,
      };
  }
}
