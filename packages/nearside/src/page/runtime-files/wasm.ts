import type { AvailableBackend } from '../../shared/api/backends.js';
import { assetsFolder, type BackendFiles, filesInFolder } from './in-folder.js';

/** Backends of `nearside/wasm`: a build with it emits no file of WebGPU, whose wasm is 17 MB. */
export const BACKENDS: readonly AvailableBackend[] = ['onnx-wasm', 'tfjs-wasm'];

/** As in `bundled.ts`. The addresses begin at `dist/wasm/nearside.js`, the file that this is built into. */
export function backendFiles(backend: AvailableBackend, assets?: string): BackendFiles {
  if (assets !== undefined) return filesInFolder(backend, assetsFolder(assets));
  const steps = new URL('../assets/steps.js', import.meta.url);
  return backend === 'onnx-wasm'
    ? {
        worker: new URL('../assets/worker-onnx-wasm.js', import.meta.url),
        steps,
        wasm: new URL('../assets/ort-wasm-simd-threaded.wasm', import.meta.url),
        common: new URL('../assets/ort-common.wasm', import.meta.url),
      }
    : {
        worker: new URL('../assets/worker-tfjs-wasm.js', import.meta.url),
        steps,
        wasm: new URL('../assets/tfjs-backend-wasm-simd.wasm', import.meta.url),
      };
}
