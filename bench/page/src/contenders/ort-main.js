// ONNX Runtime as its own page shows it. It starts its threads from this file, so nothing else may be in here.
import wasm from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url';
import * as ort from 'onnxruntime-web/wasm';

/** @returns {Promise<{ run(inputs: Record<string, [string, unknown, number[]]>): Promise<Record<string, any>>, release(): Promise<void> }>} */
export async function openOnMain({ bytes, threads }) {
  ort.env.wasm.wasmPaths = { wasm };
  ort.env.wasm.numThreads = threads;
  const session = await ort.InferenceSession.create(bytes, { executionProviders: ['wasm'] });
  return {
    async run(inputs) {
      const named = Object.entries(inputs).map(([name, [type, data, dims]]) => [
        name,
        new ort.Tensor(type, data, dims),
      ]);
      const outputs = await session.run(Object.fromEntries(named));
      return Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, data]));
    },
    release: () => session.release(),
  };
}
