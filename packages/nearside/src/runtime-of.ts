import type { BackendName, Runtime } from '@nearside/core';

/** The form of the weights that a backend loads. */
export function runtimeOf(backend: BackendName): Runtime {
  return backend.startsWith('onnx') ? 'onnx' : 'tfjs';
}
