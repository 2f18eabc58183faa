import { describeBackend } from './backend-conformance.js';
import { onnxWebgpu } from './onnx-webgpu.js';

const wasmUrl = new URL(
  '../../../../node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.asyncify.wasm',
  import.meta.url,
).href;

describeBackend(onnxWebgpu, { variant: 'fp32', wasmUrl });
