// Says whether WebGPU has a kernel for every node of a model. The library's own session does not tell: where there is none
// the CPU computes, which is no fault, and no merit of the GPU.

import * as ort from 'onnxruntime-web/jspi';
import wasmUrl from 'onnxruntime-web/ort-wasm-simd-threaded.jspi.wasm?url';

/** ONNX Runtime's own setting: it refuses the session instead. */
const NOT_ON_CPU = { session: { disable_cpu_ep_fallback: '1' } };

const REFUSED = /fallback to CPU EP has been explicitly disabled/i;

ort.env.wasm.numThreads = 1;
ort.env.wasm.wasmPaths = { wasm: wasmUrl };
ort.env.logLevel = 'fatal';

self.onmessage = async ({ data: model }) => {
  try {
    const session = await ort.InferenceSession.create(model, {
      executionProviders: ['webgpu'],
      logSeverityLevel: 4,
      extra: NOT_ON_CPU,
    });
    await session.release();
    self.postMessage({ isOnCpu: false });
  } catch (error) {
    const message = String(error?.message ?? error);
    self.postMessage(REFUSED.test(message) ? { isOnCpu: true } : { failed: message });
  }
};
