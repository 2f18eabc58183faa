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
  const input = new ort.Tensor('float32', data.values, data.dims);
  const outputs = await session.run({ [session.inputNames[0]]: input });
  const { data: values } = outputs[session.outputNames[0]];
  self.postMessage(values, [values.buffer]);
}
