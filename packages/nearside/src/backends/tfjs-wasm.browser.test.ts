import { describeBackend } from './backend-conformance.js';
import { tfjsWasm } from './tfjs-wasm.js';

const wasmUrl = new URL(
  '../../../../node_modules/@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-simd.wasm',
  import.meta.url,
).href;

describeBackend(tfjsWasm, { variant: 'uint8', wasmUrl });
