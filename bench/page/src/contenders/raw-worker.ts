import { openRaw } from '../../../start/raw.js';
import type { ModelVariant } from '../models/bench-model.ts';
import { type Contender, needsOnnx, variantFor } from './contender.ts';

/** ONNX Runtime in a worker as small as one can be: `bench/start/raw-worker.js`. */
export const rawWorker: Contender = {
  id: 'ort-worker',
  title: 'onnxruntime-web in a worker',
  place: 'worker',
  isPeer: true,
  unfit: needsOnnx,
  async prepare(model, { threads }) {
    const { name, files } = variantFor(model, 'onnx') as ModelVariant;
    const file = URL.createObjectURL(model.files[files[0] ?? ''] as Blob);
    const ask = await openRaw({ file, threads }).finally(() => URL.revokeObjectURL(file));
    return {
      async run(tensors) {
        const given = Object.entries(tensors).map(([input, { datatype, data, shape }]) => [
          input,
          [datatype, data, shape],
        ]);
        const values = await ask(Object.fromEntries(given));
        return Object.fromEntries(ask.outputNames.map((output, i) => [output, values[i] ?? []]));
      },
      dispose: async () => ask.terminate(),
      variant: name,
      backend: 'wasm',
      threads,
      hardware: 'cpu',
      stages: {},
    };
  },
};
