// Says what an ONNX file takes, and ends: the file may be anything.
import wasm from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url';
import * as ort from 'onnxruntime-web/wasm';

ort.env.wasm.wasmPaths = { wasm };
ort.env.wasm.numThreads = 1;

self.onmessage = async ({ data: file }) => {
  try {
    const model = new Uint8Array(await file.arrayBuffer());
    const session = await ort.InferenceSession.create(model, { executionProviders: ['wasm'] });
    self.postMessage({ inputs: session.inputMetadata });
  } catch (error) {
    self.postMessage({ failed: String(error.message ?? error) });
  }
};
