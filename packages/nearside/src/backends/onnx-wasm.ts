import { type Datatype, NearsideError, type Tensor, type Tensors } from '@nearside/core';
import * as ort from 'onnxruntime-web/wasm';
import type { Backend, BackendSession, SessionRequest } from './backend.js';

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
    const [file = ''] = variant.files;
    const model = files.get(file);
    if (!model) throw new TypeError(`onnx-wasm: expected the bytes of '${file}'`);
    const session = await attempt('load', () =>
      ort.InferenceSession.create(model, {
        executionProviders: ['wasm'],
        graphOptimizationLevel: 'all',
      }),
    );
    let released = false;
    return {
      async run(inputs) {
        const feeds = Object.fromEntries(
          spec.inputs.map(({ name }) => [name, toOrt(inputs[name] as Tensor)]),
        );
        const results = await attempt('run', () => session.run(feeds));
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
    throw new NearsideError(
      'backend-failed',
      `onnx-wasm: expected output '${name}' of type ${ORT_TYPES[datatype]}, got ` +
        `${tensor?.type ?? 'none'}. Does model.json describe this file?`,
      { details: { output: name } },
    );
  }
  return { datatype, shape: [...tensor.dims], data: tensor.data } as Tensor;
}

async function attempt<Value>(step: 'load' | 'run', work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    const unsupported = /not implemented|No Op registered|is not a registered/i.test(message);
    throw new NearsideError(
      unsupported ? 'operator-unsupported' : 'backend-failed',
      `onnx-wasm: expected the model to ${step}, got: ${message}`,
      { cause, details: { backend: 'onnx-wasm', step } },
    );
  }
}
