import type { VerifiedBytes } from '@nearside/artifact';
import { parseModelSpec, type Runtime, type Tensors } from '@nearside/core';
import { expect, test } from 'vitest';
import type { Backend, SessionRequest } from '../worker/backends/backend.js';
import { fetchBytes, inChunks } from './load-digits.js';

/** A model whose run takes any amount of memory for a few bytes of input. */
interface GreedyModel {
  load(): Promise<SessionRequest>;
  readonly tooMuch: Tensors;
  readonly little: Tensors;
  /** The output for `little`. */
  readonly result: Float32Array;
}

/** Holds a backend to what it must do when a run asks for more memory than there can be. */
export function testOutOfMemory(backend: Backend): void {
  test('asking for more memory than there is is out-of-memory, and the next run is served', async () => {
    const { load, tooMuch, little, result } = GREEDY_MODELS[backend.runtime];
    const session = await backend.createSession(await load());
    await expect(session.run(tooMuch)).rejects.toMatchObject({ code: 'out-of-memory' });
    expect((await session.run(little)).result?.data).toEqual(result);
    await session.release();
  });
}

/** The same for a runtime that cannot go on after it: nothing hangs, and the owner is told. */
export function testFatalOutOfMemory(backend: Backend, told: () => readonly string[]): void {
  test('asking for more memory than there is is out-of-memory, now and from then on', async () => {
    const { load, tooMuch, little } = GREEDY_MODELS[backend.runtime];
    const session = await backend.createSession(await load());
    const another = await backend.createSession(await load());
    await session.run(little);
    await expect(session.run(tooMuch)).rejects.toMatchObject({ code: 'out-of-memory' });
    await expect(session.run(little)).rejects.toMatchObject({ code: 'out-of-memory' });
    // They share the heap; to the other model it is a lost worker, not a failure of its own.
    await expect(another.run(little)).rejects.toMatchObject({ code: 'worker-lost' });
    await expect.poll(told).toEqual(['worker-lost']);
  });
}

const GREEDY_MODELS: Record<Runtime, GreedyModel> = {
  onnx: {
    async load() {
      const model = (await fetchBytes('/tests/fixtures/greedy.onnx')) as VerifiedBytes;
      return request([{ name: 'count', datatype: 'INT64', shape: [1] }], {
        runtime: 'onnx',
        files: { 'greedy.onnx': model },
      });
    },
    tooMuch: zeros(2n ** 34n), // 64 GiB, sixteen times what a wasm memory can have
    little: zeros(3n),
    result: Float32Array.of(0),
  },
  tfjs: {
    async load() {
      const topology = new TextEncoder().encode(JSON.stringify(MAGNIFIER)) as VerifiedBytes;
      return request([{ name: 'count', datatype: 'FP32', shape: [1, -1, -1, 1] }], {
        runtime: 'tfjs',
        format: 'layers-model',
        files: { 'greedy.json': topology, 'none.bin': new Uint8Array() as VerifiedBytes },
      });
    },
    tooMuch: square(64), // 256 GiB
    little: square(1),
    result: Float32Array.of(1),
  },
};

/** Makes every pixel 4096 × 4096 of them, 64 MiB, and takes the mean. */
const MAGNIFIER = {
  modelTopology: {
    class_name: 'Sequential',
    config: {
      name: 'greedy',
      layers: [
        layer('InputLayer', { name: 'count', batch_input_shape: [null, null, null, 1] }),
        layer('UpSampling2D', { name: 'magnified', size: [4096, 4096] }),
        layer('GlobalAveragePooling2D', { name: 'result' }),
      ],
    },
  },
  weightsManifest: [],
};

function layer(class_name: string, config: object) {
  return { class_name, config: { dtype: 'float32', data_format: 'channels_last', ...config } };
}

function zeros(count: bigint): Tensors {
  return { count: { datatype: 'INT64', shape: [1], data: BigInt64Array.of(count) } };
}

function square(side: number): Tensors {
  const data = new Float32Array(side * side).fill(1);
  return { count: { datatype: 'FP32', shape: [1, side, side, 1], data } };
}

function request(
  inputs: object[],
  {
    files,
    ...runtime
  }: { runtime: Runtime; format?: string; files: Record<string, VerifiedBytes> },
): SessionRequest {
  const spec = parseModelSpec({
    format: 1,
    name: 'greedy',
    version: '1.0.0',
    sequence: 1,
    task: 'tensors',
    inputs,
    outputs: [{ name: 'result', datatype: 'FP32', shape: [-1] }],
    preprocessing: [],
    postprocessing: [],
    variants: [{ name: 'fp32', dtype: 'fp32', files: Object.keys(files), ...runtime }],
    limits: { memoryBytes: 1_000_000 },
  });
  const [variant] = spec.variants;
  if (!variant) throw new Error('the spec has one variant');
  const named = new Map(Object.entries(files));
  return { spec, variant, files: named, weights: inChunks(named) };
}
