import type { Tensors } from 'nearside';
import type { BenchModel, ModelVariant } from '../models/bench-model.ts';
import { type Contender, needsTfjs, type Prepared, variantFor } from './contender.ts';

/** TensorFlow.js as `npm install @tensorflow/tfjs` gives it. */
export const tfjsDefault: Contender = {
  id: 'tfjs',
  title: 'TensorFlow.js',
  place: 'main thread',
  isPeer: true,
  unfit: needsTfjs,
  prepare: (model) => prepareTfjs(model),
};

/** The same without a GPU, which is often a software one where there is no screen. */
export const tfjsCpu: Contender = {
  ...tfjsDefault,
  id: 'tfjs-cpu',
  title: 'TensorFlow.js, cpu',
  prepare: (model) => prepareTfjs(model, 'cpu'),
};

/** @param wanted undefined for the one that it takes by itself: `webgl`, else `cpu` */
async function prepareTfjs(model: BenchModel, wanted?: string): Promise<Prepared> {
  const tf = await import('@tensorflow/tfjs');
  await tf.ready();
  const backend = wanted ?? defaultBackend ?? tf.getBackend();
  defaultBackend ??= tf.getBackend();
  await tf.setBackend(backend);
  const { name, files } = variantFor(model, 'tfjs') as ModelVariant;
  const loaded = await tf.loadLayersModel(
    tf.io.browserFiles(files.map((file) => namedFile(model, file))),
  );
  return {
    async run(tensors: Tensors) {
      if (tf.getBackend() !== backend) await tf.setBackend(backend); // another row may have run in between
      const given = Object.values(tensors).map(({ data, shape }) =>
        tf.tensor(data as Float32Array, [...shape]),
      );
      const result = loaded.predict(given);
      const outputs = Array.isArray(result) ? result : [result];
      const values = await Promise.all(outputs.map((output) => output.data()));
      for (const tensor of [...given, ...outputs]) tensor.dispose();
      return Object.fromEntries(
        values.map((value, i) => [outputNames(model)[i] ?? String(i), value]),
      );
    },
    dispose: async () => {
      loaded.dispose();
    },
    variant: name,
    backend,
    threads: 1,
    hardware: backend === 'webgl' ? webglName() : 'cpu',
    stages: {},
  };
}

/** The one that it chose first: it is asked once, because another row changes it. */
let defaultBackend: string | undefined;

function namedFile({ files }: BenchModel, name: string): File {
  const type = name.endsWith('.json') ? 'application/json' : 'application/octet-stream';
  return new File([files[name] as Blob], name.split('/').at(-1) ?? name, { type });
}

function outputNames({ spec }: BenchModel): string[] {
  return (spec.outputs ?? []).map(({ name }) => name);
}

function webglName(): string {
  const gl = document.createElement('canvas').getContext('webgl');
  const info = gl?.getExtension('WEBGL_debug_renderer_info');
  const name = info && gl?.getParameter(info.UNMASKED_RENDERER_WEBGL);
  gl?.getExtension('WEBGL_lose_context')?.loseContext();
  return typeof name === 'string' ? name : 'a GPU without a name';
}
