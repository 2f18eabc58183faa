import type { VerifiedBytes } from '@nearside/artifact';
import { elementCount, type Tensor, type Tensors, type Variant } from '@nearside/core';
import * as wasm from '@tensorflow/tfjs-backend-wasm';
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import { loadLayersModel } from '@tensorflow/tfjs-layers';
import type { Backend, BackendSession, SessionRequest } from './backend.js';
import { attempt, backendError } from './backend-error.js';

/** TensorFlow.js on its wasm backend (SIMD, one thread). */
export const tfjsWasm: Backend = {
  name: 'tfjs-wasm',
  runtime: 'tfjs',

  async start(bytes) {
    // Its threads never worked in a bundle, and looking for them throws (tfjs 4.22).
    tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
    // One file serves all three names: every browser with WebCrypto Ed25519 has SIMD.
    const url = URL.createObjectURL(new Blob([bytes], { type: 'application/wasm' }));
    wasm.setWasmPaths({
      'tfjs-backend-wasm.wasm': url,
      'tfjs-backend-wasm-simd.wasm': url,
      'tfjs-backend-wasm-threaded-simd.wasm': url,
    });
    try {
      const started = await attempt('tfjs-wasm', 'start', () => tf.setBackend('wasm'));
      if (!started) throw backendError('tfjs-wasm', 'start', 'the wasm backend did not initialise');
    } finally {
      URL.revokeObjectURL(url);
    }
  },

  async createSession({ spec, variant, files }: SessionRequest): Promise<BackendSession> {
    const model = await attempt('tfjs-wasm', 'load', () => loadModel(variant, files));
    let released = false;
    return {
      async run(inputs) {
        const outputs = await attempt('tfjs-wasm', 'run', async () => {
          const results = tf.tidy(() => {
            const feeds = spec.inputs.map(({ name }) => toTfjs(inputs[name] as Tensor));
            return asList(model.predict(feeds.length === 1 ? (feeds[0] as tf.Tensor) : feeds));
          });
          try {
            const entries = await Promise.all(
              spec.outputs.map(async ({ name }, i) => [name, await fromTfjs(results[i], name)]),
            );
            return Object.fromEntries(entries);
          } finally {
            tf.dispose(results);
          }
        });
        return outputs satisfies Tensors;
      },
      async release() {
        if (released) return;
        released = true;
        model.dispose();
      },
    };
  },
};

async function loadModel(variant: Variant, files: ReadonlyMap<string, VerifiedBytes>) {
  const [topologyFile = '', ...weightFiles] = variant.files;
  const json = JSON.parse(new TextDecoder().decode(files.get(topologyFile)));
  const artifacts: tf.io.ModelArtifacts = {
    modelTopology: json.modelTopology,
    weightSpecs: json.weightsManifest.flatMap(
      (group: tf.io.WeightsManifestConfig[number]) => group.weights,
    ),
    weightData: weightFiles.map((file) => (files.get(file) as VerifiedBytes).buffer),
    ...(json.signature && { signature: json.signature }),
    ...(json.userDefinedMetadata && { userDefinedMetadata: json.userDefinedMetadata }),
  };
  const handler = { load: async () => artifacts };
  const layers = variant.runtime === 'tfjs' && variant.format === 'layers-model';
  return layers ? loadLayersModel(handler) : loadGraphModel(handler);
}

const TFJS_TYPES = { FP32: 'float32', INT32: 'int32', BOOL: 'bool' } as const;

function toTfjs({ datatype, shape, data }: Tensor): tf.Tensor {
  const dtype = TFJS_TYPES[datatype as keyof typeof TFJS_TYPES];
  if (!dtype) throw backendError('tfjs-wasm', 'run', `it has no tensors of datatype ${datatype}`);
  return tf.tensor(data as Float32Array, [...shape], dtype);
}

async function fromTfjs(tensor: tf.Tensor | undefined, name: string): Promise<Tensor> {
  if (!tensor) throw backendError('tfjs-wasm', 'run', `no output '${name}'`);
  const { shape, dtype } = tensor;
  const values = await tensor.data();
  switch (dtype) {
    case 'float32':
      return { datatype: 'FP32', shape, data: Float32Array.from(values) };
    case 'int32':
      return { datatype: 'INT32', shape, data: Int32Array.from(values) };
    case 'bool':
      return { datatype: 'BOOL', shape, data: Uint8Array.from(values) };
    default:
      throw backendError(
        'tfjs-wasm',
        'run',
        `output '${name}' of ${elementCount(shape)} values is ${dtype}`,
      );
  }
}

function asList(result: tf.Tensor | tf.Tensor[] | tf.NamedTensorMap): tf.Tensor[] {
  if (Array.isArray(result)) return result;
  return result instanceof tf.Tensor ? [result] : Object.values(result);
}
