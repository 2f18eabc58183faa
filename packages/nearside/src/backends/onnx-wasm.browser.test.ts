import { describeBackend } from './backend-conformance.js';
import { onnxWasm } from './onnx-wasm.js';

const wasmUrl = new URL(
  '../../../../node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm',
  import.meta.url,
).href;

describeBackend(onnxWasm, { variant: 'int8', wasmUrl });
