import { type AvailableBackend, type Model, open, openUnsigned } from 'nearside';
import { lackOfWebGpu } from '../measure/device-facts.ts';
import type { BenchModel } from '../models/bench-model.ts';
import { BenchError } from '../problem.ts';
import { type Contender, needsOnnx, needsTfjs, type Prepared, type Values } from './contender.ts';

/** Where the build has put a signed copy of the digits model: `build.mjs`. */
const VERIFIED_COPY = './verified.json';

export function nearsideOn(backend: AvailableBackend): Contender {
  return {
    id: `nearside-${backend}`,
    title: `Nearside ${backend}`,
    place: 'worker',
    isPeer: false,
    unfit: (model, device) =>
      (backend.startsWith('onnx') ? needsOnnx(model) : needsTfjs(model)) ??
      (backend.endsWith('webgpu') ? lackOfWebGpu(device) : undefined),
    async prepare({ files, spec }, { threads, signal }) {
      return preparedFrom(await openUnsigned(files, spec, { backend, threads, signal }));
    },
  };
}

/** From a signed repository: metadata, bundle and every chunk are verified. */
export const nearsideVerified: Contender = {
  id: 'nearside-verified',
  title: 'Nearside verified open',
  place: 'worker',
  isPeer: false,
  unfit: ({ id }) =>
    id === 'digits' ? undefined : 'Only the digits model has a signed copy here.',
  async prepare(_model: BenchModel, { threads, signal }) {
    const answer = await fetch(VERIFIED_COPY, { signal });
    if (!answer.ok)
      throw new BenchError(
        'no-signed-copy',
        'Expected a signed copy of the model beside this page, got none.',
      );
    const { model: path, trust } = await answer.json();
    const url = new URL(path, document.baseURI).href;
    const backend = 'onnx-wasm';
    const model = await open(url, {
      trust,
      backend,
      threads,
      signal,
      store: 'memory',
      tune: 'off',
    });
    return preparedFrom(model);
  },
};

function preparedFrom(model: Model): Prepared {
  const { variant, backend, threads, hardware, opening } = model.stats();
  return {
    async run(tensors): Promise<Values> {
      const { output } = await model.run({ tensors }, { transfer: true });
      const named = Object.entries(output.tensors).map(([name, { data }]) => [name, data]);
      return Object.fromEntries(named);
    },
    dispose: () => model.close(),
    variant,
    backend,
    threads,
    hardware,
    stages: { ...opening.steps },
    heapBytes: () => model.stats().heapBytes,
  };
}
