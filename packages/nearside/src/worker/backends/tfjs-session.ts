import { type ChunkedFile, readChunks } from '@nearside/artifact';
import {
  type Datatype,
  elementCount,
  shareOnce,
  type Tensor,
  type TensorSpec,
  type Tensors,
} from '@nearside/core';
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import { loadLayersModel } from '@tensorflow/tfjs-layers';
import type { OperatorTime } from '../../shared/api/backends.js';
import {
  type BackendSession,
  declaredOr,
  type ModelTensors,
  type ProfileRequest,
  type SessionRequest,
} from './backend.js';
import { type AnyBackend, attempt, backendError } from './backend-error.js';
import { type OperatorRun, summarizeOperators } from './profile-onnx.js';

/**
 * Loads a TensorFlow.js variant, a graph or a layers model, on the backend that was set: the first of
 * its files is the topology, the others its weights.
 *
 * @throws NearsideError `backend-failed`, `operator-unsupported` or `out-of-memory`
 */
export async function createTfjsSession(
  backend: AnyBackend,
  request: SessionRequest,
): Promise<BackendSession> {
  const { spec } = request;
  const model = await attempt(backend, 'load', () => loadModel(request));
  const tensors = declaredOr(spec, (list) =>
    model[list].map((tensor) => readTensor(backend, tensor)),
  );
  return {
    tensors,
    async run(inputs) {
      const outputs = await attempt(backend, 'run', async () => {
        const results = tf.tidy(() => predict(model, feedsOf(backend, tensors, inputs)));
        try {
          const entries = tensors.outputs.map(async ({ name }, i) => {
            return [name, await fromTfjs(backend, results[i], name)] as const;
          });
          return Object.fromEntries(await Promise.all(entries));
        } finally {
          tf.dispose(results);
        }
      });
      return outputs satisfies Tensors;
    },
    release: shareOnce(async () => void model.dispose()),
  };
}

/**
 * Runs one input several times in a model of its own and has each kernel timed.
 *
 * @throws as {@link createTfjsSession} and its `run`
 */
export async function profileTfjs(
  backend: AnyBackend,
  { inputs, runs, ...request }: ProfileRequest,
): Promise<OperatorTime[]> {
  const { spec } = request;
  const model = await attempt(backend, 'load', () => loadModel(request));
  try {
    const profiled: OperatorRun[][] = [];
    for (let run = 0; run <= runs; run += 1) {
      const kernels = await attempt(backend, 'run', () =>
        profileOnce(backend, model, { spec, inputs }),
      );
      if (run > 0) profiled.push(kernels);
    }
    return summarizeOperators(profiled);
  } finally {
    model.dispose();
  }
}

async function profileOnce(
  backend: AnyBackend,
  model: TfjsModel,
  { spec, inputs }: { spec: ModelTensors; inputs: Tensors },
): Promise<OperatorRun[]> {
  const feeds = feedsOf(backend, spec, inputs);
  try {
    const { kernels, result } = await tf.profile(() => tf.tidy(() => predict(model, feeds)));
    tf.dispose(result);
    return await Promise.all(
      kernels.map(async ({ name, kernelTimeMs }, i) => {
        const ms = await kernelTimeMs;
        return { name: `${i}`, operator: name, ms: typeof ms === 'number' ? ms : 0 };
      }),
    );
  } finally {
    tf.dispose(feeds);
  }
}

function feedsOf(backend: AnyBackend, spec: ModelTensors, inputs: Tensors): tf.Tensor[] {
  return spec.inputs.map(({ name }) => toTfjs(backend, inputs[name] as Tensor));
}

function predict(model: TfjsModel, feeds: tf.Tensor[]): tf.Tensor[] {
  return asList(model.predict(feeds.length === 1 ? (feeds[0] as tf.Tensor) : feeds));
}

type TfjsModel = Awaited<ReturnType<typeof loadModel>>;

async function loadModel({ variant, files, weights }: SessionRequest) {
  const [topologyFile = '', ...weightFiles] = variant.files;
  const json = JSON.parse(new TextDecoder().decode(files.get(topologyFile)));
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for (const name of weightFiles) {
    const file = weights.get(name) as ChunkedFile<Uint8Array<ArrayBuffer>>;
    chunks.push(...(await readChunks(file)));
  }
  const artifacts: tf.io.ModelArtifacts = {
    modelTopology: json.modelTopology,
    weightSpecs: json.weightsManifest.flatMap(
      (group: tf.io.WeightsManifestConfig[number]) => group.weights,
    ),
    weightData: chunks.map(bufferOf),
    ...(json.signature && { signature: json.signature }),
    ...(json.userDefinedMetadata && { userDefinedMetadata: json.userDefinedMetadata }),
  };
  const handler = { load: async () => artifacts };
  const layers = variant.runtime === 'tfjs' && variant.format === 'layers-model';
  return layers ? loadLayersModel(handler) : loadGraphModel(handler);
}

function bufferOf(chunk: Uint8Array<ArrayBuffer>): ArrayBuffer {
  return chunk.length === chunk.buffer.byteLength ? chunk.buffer : chunk.slice().buffer;
}

const TFJS_TYPES = { FP32: 'float32', INT32: 'int32', BOOL: 'bool' } as const;

/** Reads a tensor that the file declares. An axis without a size is free. */
function readTensor(
  backend: AnyBackend,
  { name, shape, dtype }: { name: string; shape?: readonly (number | null)[]; dtype: string },
): TensorSpec {
  const [datatype] =
    (Object.entries(TFJS_TYPES) as [Datatype, string][]).find(([, type]) => type === dtype) ?? [];
  if (!datatype || !shape) {
    throw backendError(backend, 'load', `tensor '${name}' of ${dtype} without a datatype or shape`);
  }
  return { name, datatype, shape: shape.map((axis) => axis ?? -1) };
}

function toTfjs(backend: AnyBackend, { datatype, shape, data }: Tensor): tf.Tensor {
  const dtype = TFJS_TYPES[datatype as keyof typeof TFJS_TYPES];
  if (!dtype) throw backendError(backend, 'run', `it has no tensors of datatype ${datatype}`);
  return tf.tensor(data as Float32Array, [...shape], dtype);
}

async function fromTfjs(
  backend: AnyBackend,
  tensor: tf.Tensor | undefined,
  name: string,
): Promise<Tensor> {
  if (!tensor) throw backendError(backend, 'run', `no output '${name}'`);
  const { shape, dtype } = tensor;
  const values = await tensor.data();
  switch (dtype) {
    case 'float32':
      return { datatype: 'FP32', shape, data: Float32Array.from(values) };
    case 'int32':
      return { datatype: 'INT32', shape, data: Int32Array.from(values) };
    case 'bool':
      return { datatype: 'BOOL', shape, data: Uint8Array.from(values) };
    default: {
      const got = `output '${name}' of ${elementCount(shape)} values is ${dtype}`;
      throw backendError(backend, 'run', got);
    }
  }
}

function asList(result: tf.Tensor | tf.Tensor[] | tf.NamedTensorMap): tf.Tensor[] {
  if (Array.isArray(result)) return result;
  return result instanceof tf.Tensor ? [result] : Object.values(result);
}
