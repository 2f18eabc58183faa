import { expect, test } from 'vitest';
import { loadDigits } from '../../testing/load-digits.js';
import { findMismatch } from '../golden-check.js';
import { onnxWebgpu } from './onnx-webgpu.js';

const wasmUrl = new URL(
  '../../../../../node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.jspi.wasm',
  import.meta.url,
).href;

test('a device without info, of an adapter that hides the sizes of its subgroups, computes right numbers', async () => {
  Reflect.deleteProperty(GPUDevice.prototype, 'adapterInfo');
  Reflect.deleteProperty(GPUAdapterInfo.prototype, 'subgroupMinSize');
  Reflect.deleteProperty(GPUAdapterInfo.prototype, 'subgroupMaxSize');
  const { spec, variant, files, weights, cases, tolerance } = await loadDigits('fp32');
  const wasm = await WebAssembly.compileStreaming(fetch(wasmUrl));
  await onnxWebgpu.start({ wasm, onLost() {} });
  const session = await onnxWebgpu.createSession({ spec, variant, files, weights });
  for (const { inputs, expected } of cases) {
    const { logits } = await session.run(inputs);
    expect(findMismatch(logits, expected, tolerance)).toBeUndefined();
  }
});
