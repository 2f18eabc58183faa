import { describeBackend } from '../../testing/backend-conformance.js';
import { testFatalOutOfMemory } from '../../testing/out-of-memory-conformance.js';
import { onnxWebgpu } from './onnx-webgpu.js';

const wasmUrl = new URL(
  '../../../../../node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.jspi.wasm',
  import.meta.url,
).href;

const told: string[] = [];
describeBackend(onnxWebgpu, {
  variant: 'fp32',
  wasmUrl,
  onLost: ({ code }) => told.push(code),
});
testFatalOutOfMemory(onnxWebgpu, () => told);
