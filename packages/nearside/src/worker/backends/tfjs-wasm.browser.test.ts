import { describeBackend } from '../../testing/backend-conformance.js';
import { testFatalOutOfMemory } from '../../testing/out-of-memory-conformance.js';
import { tfjsWasm } from './tfjs-wasm.js';

const wasmUrl = new URL(
  '../../../../../node_modules/@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-simd.wasm',
  import.meta.url,
).href;

const told: string[] = [];
describeBackend(tfjsWasm, { variant: 'uint8', wasmUrl, onLost: ({ code }) => told.push(code) });
testFatalOutOfMemory(tfjsWasm, () => told);
