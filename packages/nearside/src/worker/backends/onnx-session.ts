import {
  type BackendName,
  type Datatype,
  shareOnce,
  type Tensor,
  type TensorSpec,
  type Tensors,
} from '@nearside/core';
import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-web';
import type { OperatorTime } from '../../shared/api/backends.js';
import {
  type BackendSession,
  declaredOr,
  type ModelTensors,
  type ProfileRequest,
  type SessionRequest,
} from './backend.js';
import { attempt, backendError, coded } from './backend-error.js';
import type { LoadFromChunks } from './mounted-chunks.js';
import { canCollectRuntimeOutput, endOnnxProfile } from './profile-onnx.js';

/** Both entries of ONNX Runtime have these; each is a runtime of its own. */
export type OnnxRuntime = Pick<
  typeof import('onnxruntime-web/wasm'),
  'env' | 'InferenceSession' | 'Tensor'
>;

export interface OnnxSessionOptions {
  readonly backend: BackendName;
  readonly runtime: OnnxRuntime;
  readonly executionProvider: InferenceSession.ExecutionProviderConfig;
  readonly loadFromChunks: LoadFromChunks;
}

/**
 * Loads an ONNX variant: the first of its files is the model, the others its external weights.
 *
 * @throws NearsideError `backend-failed`, `operator-unsupported` or `out-of-memory`
 */
export async function createOnnxSession(
  options: OnnxSessionOptions,
  request: SessionRequest,
): Promise<BackendSession> {
  const { backend } = options;
  const session = await loadOnnx(options, request);
  const tensors = declaredOr(request.spec, (list) => readTensors(backend, session, list));
  return {
    tensors,
    async run(inputs) {
      const feeds = feedsOf(options, tensors, inputs);
      try {
        const results = await session.run(feeds);
        const outputs: Record<string, Tensor> = {};
        for (const { name, datatype } of tensors.outputs) {
          outputs[name] = fromOrt(backend, results[name], { datatype, name });
        }
        return outputs satisfies Tensors;
      } catch (cause) {
        throw coded(backend, 'run', cause);
      }
    },
    release: shareOnce(() => session.release()),
  };
}

/**
 * Runs one input several times in a session of its own that keeps a profile.
 *
 * @throws as {@link createOnnxSession} and its `run`
 */
export async function profileOnnx(
  options: OnnxSessionOptions,
  { inputs, runs, ...request }: ProfileRequest,
): Promise<OperatorTime[] | undefined> {
  if (!canCollectRuntimeOutput()) return undefined;
  const session = await loadOnnx(options, request, { enableProfiling: true });
  try {
    const feeds = feedsOf(options, request.spec, inputs);
    for (let run = 0; run <= runs; run += 1) {
      await attempt(options.backend, 'run', () => session.run(feeds));
    }
    return endOnnxProfile(session);
  } finally {
    await session.release();
  }
}

/** The variant's files after the first are mounted, each by the name that the model gives it. */
async function loadOnnx(
  options: OnnxSessionOptions,
  request: SessionRequest,
  more: InferenceSession.SessionOptions = {},
): Promise<InferenceSession> {
  const [model = '', ...names] = request.variant.files;
  const files = names.map((name) => {
    return requireFile(options.backend, name, request.weights.get(name));
  });
  return options.loadFromChunks(files, (mounted) => {
    const externalData = mounted.map((data, i) => ({
      path: relativeTo(model, names[i] ?? ''),
      data,
    }));
    return createInferenceSession(options, request, { ...more, externalData });
  });
}

function createInferenceSession(
  { backend, runtime, executionProvider }: OnnxSessionOptions,
  { variant, files, optimization = 'all' }: SessionRequest,
  more: InferenceSession.SessionOptions,
): Promise<InferenceSession> {
  const [file = ''] = variant.files;
  return attempt(backend, 'load', () =>
    runtime.InferenceSession.create(requireFile(backend, file, files.get(file)), {
      executionProviders: [executionProvider],
      graphOptimizationLevel: optimization,
      logSeverityLevel: 3, // errors: a page's console is not ours
      ...(variant.runtime === 'onnx' &&
        variant.dimensions && { freeDimensionOverrides: variant.dimensions }),
      ...more,
    }),
  );
}

function feedsOf({ runtime }: OnnxSessionOptions, tensors: ModelTensors, inputs: Tensors) {
  return Object.fromEntries(
    tensors.inputs.map(({ name }) => [name, toOrt(runtime, inputs[name] as Tensor)]),
  );
}

function requireFile<File>(backend: BackendName, name: string, file: File | undefined): File {
  if (!file) throw new TypeError(`${backend}: expected the bytes of '${name}'`);
  return file;
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
} as const satisfies Record<Datatype, OrtTensor.Type>;

/**
 * Reads the tensors that the file declares. An axis with a name or without a size is free; the runtime gives the size of
 * one without a name as −1, unsigned: 4294967295.
 */
function readTensors(
  backend: BackendName,
  session: InferenceSession,
  list: keyof ModelTensors,
): TensorSpec[] {
  const metadata = list === 'inputs' ? session.inputMetadata : session.outputMetadata;
  return metadata.map((value) => {
    const type = value.isTensor ? value.type : 'no tensor';
    const [datatype] =
      (Object.entries(ORT_TYPES) as [Datatype, string][]).find(([, name]) => name === type) ?? [];
    if (!value.isTensor || !datatype) {
      throw backendError(backend, 'load', `'${value.name}' of ${list}, which is ${type}`);
    }
    const shape = value.shape.map((axis) =>
      typeof axis === 'number' && axis >>> 31 === 0 ? axis : -1,
    );
    return { name: value.name, datatype, shape };
  });
}

function toOrt(runtime: OnnxRuntime, { datatype, shape, data }: Tensor): OrtTensor {
  return new runtime.Tensor(ORT_TYPES[datatype] as 'float32', data as Float32Array, shape);
}

function fromOrt(
  backend: BackendName,
  tensor: OrtTensor | undefined,
  { datatype, name }: { datatype: Datatype; name: string },
): Tensor {
  if (tensor?.type !== ORT_TYPES[datatype]) {
    throw backendError(
      backend,
      'run',
      `output '${name}' of type ${tensor?.type ?? 'none'} instead of ${ORT_TYPES[datatype]}. Does ` +
        'model.json describe this file?',
    );
  }
  return { datatype, shape: [...tensor.dims], data: dataOf(tensor) } as Tensor;
}

/** FP16 is its bits everywhere: where there is a `Float16Array`, the runtime gives that. */
function dataOf({ type, data }: OrtTensor): unknown {
  if (type !== 'float16' || !ArrayBuffer.isView(data)) return data;
  return new Uint16Array(data.buffer, data.byteOffset, data.length);
}
