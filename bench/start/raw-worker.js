// The reference: ONNX Runtime in a worker as small as one can be. It compiles the runtime as it arrives.
import wasm from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url';
import * as ort from 'onnxruntime-web/wasm';

ort.env.wasm.wasmPaths = { wasm };
let session;

// ONNX Runtime starts its threads from this same file, and listens there itself.
if (!self.name.startsWith('em-pthread')) {
  self.onmessage = answer;
  self.onunhandledrejection = ({ reason }) => self.postMessage({ failed: String(reason.message) });
}

async function answer({ data: { model, threads, inputs } }) {
  if (model) {
    ort.env.wasm.numThreads = threads;
    session = await ort.InferenceSession.create(model, { executionProviders: ['wasm'] });
    return self.postMessage(session.outputNames);
  }
  const named = Object.entries(inputs).map(([name, [type, data, dims]]) => [
    name,
    new ort.Tensor(type, data, dims),
  ]);
  const outputs = await session.run(Object.fromEntries(named));
  const values = session.outputNames.map((name) => outputs[name].data);
  self.postMessage(
    values,
    values.map(({ buffer }) => buffer),
  );
}
