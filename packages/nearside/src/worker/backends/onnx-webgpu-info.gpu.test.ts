import { test } from 'vitest';
import { expectRightFrom, loadExternal } from '../../testing/external-weights.js';
import { onnxWebgpu } from './onnx-webgpu.js';

const wasmUrl = new URL(
  '../../../../../node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.jspi.wasm',
  import.meta.url,
).href;

test('a device without info, of an adapter that hides the sizes of its subgroups, computes right numbers', async () => {
  Reflect.deleteProperty(GPUDevice.prototype, 'adapterInfo');
  Reflect.deleteProperty(GPUAdapterInfo.prototype, 'subgroupMinSize');
  Reflect.deleteProperty(GPUAdapterInfo.prototype, 'subgroupMaxSize');
  const wasm = await WebAssembly.compileStreaming(fetch(wasmUrl));
  await onnxWebgpu.start({ wasm, onLost() {} });
  const { request, stored } = await loadExternal();
  await expectRightFrom(onnxWebgpu.createSession, request, { stored });
});
