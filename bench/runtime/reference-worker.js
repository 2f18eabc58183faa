// The peer: ONNX Runtime in a worker as small as one can be, with transfer both ways.

import wasm from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url';
import * as ort from 'onnxruntime-web/wasm';

ort.env.wasm.numThreads = 1;
ort.env.wasm.wasmPaths = { wasm };
let session;

self.onmessage = async ({ data }) => {
  if (data.model) {
    session = await ort.InferenceSession.create(data.model, { executionProviders: ['wasm'] });
    self.postMessage('ready');
    return;
  }
  const { logits } = await session.run({
    pixel_values: new ort.Tensor('float32', data.pixels, [data.pixels.length / 784, 1, 28, 28]),
  });
  self.postMessage(logits.data, [logits.data.buffer]);
};
