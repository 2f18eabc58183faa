import type { Datatype, Tensor, Tensors } from '@nearside/core';
import * as ort from 'onnxruntime-web/wasm';
import type { Backend, BackendSession, SessionRequest } from './backend.js';
import { attempt, backendError } from './backend-error.js';

/** ONNX Runtime's wasm execution provider, from the entry that loads exactly one wasm file. */
export const onnxWasm: Backend = {
  name: 'onnx-wasm',
  runtime: 'onnx',

  async start(wasm) {
    // Threads come with the backend scheduler; one thread is also what determinism is defined at.
    // Unset, Node fails with "Dynamic require of node:os", and so does every later start.
    ort.env.wasm.numThreads = 1;
    ort.env.wasm.wasmBinary = wasm.buffer;
    ort.env.logLevel = 'error';
  },

  async createSession({ spec, variant, files }: SessionRequest): Promise<BackendSession> {
    const [file = '', ...weights] = variant.files;
    const session = await attempt('onnx-wasm', 'load', () =>
      ort.InferenceSession.create(requireFile(files, file), {
        executionProviders: ['wasm'],
        graphOptimizationLevel: 'all',
        externalData: weights.map((name) => ({
          path: relativeTo(file, name),
          data: requireFile(files, name),
        })),
      }),
    );
    let released = false;
    return {
      async run(inputs) {
        const feeds = Object.fromEntries(
          spec.inputs.map(({ name }) => [name, toOrt(inputs[name] as Tensor)]),
        );
        const results = await attempt('onnx-wasm', 'run', () => session.run(feeds));
        const outputs: Record<string, Tensor> = {};
        for (const { name, datatype } of spec.outputs) {
          outputs[name] = fromOrt(results[name], datatype, name);
        }
        return outputs satisfies Tensors;
      },
      async release() {
        if (released) return;
        released = true;
        await session.release();
      },
    };
  },
};

function requireFile(files: SessionRequest['files'], name: string): Uint8Array {
  const bytes = files.get(name);
  if (!bytes) throw new TypeError(`onnx-wasm: expected the bytes of '${name}'`);
  return bytes;
}

/** The model names its external weights relative to its own folder. */
function relativeTo(model: string, name: string): string {
  const folder = model.slice(0, model.lastIndexOf('/') + 1);
  return name.startsWith(folder) ? name.slice(folder.length) : name;
}

const ORT_TYPES = {
  BOOL: 'bool',
  UINT8: 'uint8',
  INT8: 'int8',
  UINT16: 'uint16',
  INT16: 'int16',
  UINT32: 'uint32',
  INT32: 'int32',
  INT64: 'int64',
  FP16: 'float16',
  FP32: 'float32',
  FP64: 'float64',
  BYTES: 'string',
} as const satisfies Record<Datatype, ort.Tensor.Type>;

function toOrt({ datatype, shape, data }: Tensor): ort.Tensor {
  return new ort.Tensor(ORT_TYPES[datatype] as 'float32', data as Float32Array, shape);
}

function fromOrt(tensor: ort.Tensor | undefined, datatype: Datatype, name: string): Tensor {
  if (tensor?.type !== ORT_TYPES[datatype]) {
    throw backendError(
      'onnx-wasm',
      'run',
      `output '${name}' of type ${tensor?.type ?? 'none'} instead of ${ORT_TYPES[datatype]}. Does ` +
        'model.json describe this file?',
    );
  }
  return { datatype, shape: [...tensor.dims], data: tensor.data } as Tensor;
}
