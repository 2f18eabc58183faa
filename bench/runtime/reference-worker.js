// The peer: ONNX Runtime in a worker as small as one can be, with transfer both ways.

import wasm from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url';
import * as ort from 'onnxruntime-web/wasm';

ort.env.wasm.wasmPaths = { wasm };
let session;

// ONNX Runtime starts its threads from this same file, and listens there itself.
if (!self.name.startsWith('em-pthread')) self.onmessage = answer;

async function answer({ data }) {
  if (data.model) {
    ort.env.wasm.numThreads = data.threads;
    session = await ort.InferenceSession.create(data.model, { executionProviders: ['wasm'] });
    self.postMessage('ready');
    return;
  }
  const { logits } = await session.run({
    pixel_values: new ort.Tensor('float32', data.pixels, [data.pixels.length / 784, 1, 28, 28]),
  });
  self.postMessage(logits.data, [logits.data.buffer]);
}
