import type { Backend, Runtime } from '@nearside/core';

/** The form of the weights that a backend loads. */
export function runtimeOf(backend: Backend): Runtime {
  return backend.startsWith('onnx') ? 'onnx' : 'tfjs';
}
