// transformers.js on the files that are given to everybody. It starts threads from this file, as ONNX Runtime does.
import { AutoModel, env, Tensor } from '@huggingface/transformers';

/** A path that only its cache answers: nothing is fetched. */
const FOLDER = '/in-memory/';

/**
 * @param {{ bytes: Uint8Array<ArrayBuffer>, threads: number, wasm: string }} options `wasm` is the runtime's address: by itself it
 *   would fetch it from another host
 */
export async function openWithTransformers({ bytes, threads, wasm }) {
  Object.assign(env, {
    allowRemoteModels: false,
    allowLocalModels: true,
    localModelPath: FOLDER,
    useBrowserCache: false,
    useWasmCache: false,
    useCustomCache: true,
    customCache: {
      match: async (request) =>
        String(request).endsWith('/model.onnx') ? new Response(bytes) : undefined,
      put: async () => {},
    },
  });
  const { wasm: settings } = env.backends.onnx;
  settings.wasmPaths = { wasm };
  settings.numThreads = threads;
  const config = { model_type: 'custom' };
  const model = await AutoModel.from_pretrained('model', { config, device: 'wasm', dtype: 'fp32' });
  return {
    async run(inputs) {
      const named = Object.entries(inputs).map(([name, given]) => [name, new Tensor(...given)]);
      const outputs = await model(Object.fromEntries(named));
      return Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, data]));
    },
    dispose: () => model.dispose(),
  };
}
