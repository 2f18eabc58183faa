import { afterEach, expect, test, vi } from 'vitest';
import { loadDigits } from '../../testing/load-digits.js';
import { onnxWebgpu } from './onnx-webgpu.js';

const wasmUrl = new URL(
  '../../../../../node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.jspi.wasm',
  import.meta.url,
).href;

const { Suspending } = WebAssembly as unknown as { Suspending: unknown };

afterEach(() => {
  Object.assign(WebAssembly, { Suspending });
});

test('a browser without JSPI is no-backend, and says so', async () => {
  Reflect.deleteProperty(WebAssembly, 'Suspending');
  const { variant } = await loadDigits('fp32');
  await expect(onnxWebgpu.requireSupport(variant)).rejects.toMatchObject({
    code: 'no-backend',
    message: expect.stringContaining('expected JSPI (`WebAssembly.Suspending`), got a browser'),
  });
});

test('JSPI that throws is backend-failed, now and at the next try', async () => {
  const refuse = vi.fn(() => {
    throw new TypeError('Suspending is not allowed here');
  });
  Object.assign(WebAssembly, { Suspending: refuse });
  const { spec, variant, files, weights } = await loadDigits('fp32');
  const wasm = await WebAssembly.compileStreaming(fetch(wasmUrl));
  await onnxWebgpu.start({ wasm, onLost() {} });
  for (let tries = 0; tries < 2; tries += 1)
    await expect(onnxWebgpu.createSession({ spec, variant, files, weights })).rejects.toMatchObject(
      {
        code: 'backend-failed',
      },
    );
  expect(refuse).toHaveBeenCalled();
});
