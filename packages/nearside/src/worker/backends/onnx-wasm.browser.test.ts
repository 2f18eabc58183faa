import type { VerifiedBytes } from '@nearside/artifact';
import { parseModelSpec, type Tensor, type Variant } from '@nearside/core';
import { describe, expect, test } from 'vitest';
import { describeBackend } from '../../testing/backend-conformance.js';
import { fetchBytes, inChunks, loadDigits } from '../../testing/load-digits.js';
import { testOutOfMemory } from '../../testing/out-of-memory-conformance.js';
import type { SessionRequest } from './backend.js';
import { onnxWasm } from './onnx-wasm.js';

const wasmUrl = new URL(
  '../../../../../node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm',
  import.meta.url,
).href;

describeBackend(onnxWasm, { variant: 'int8', wasmUrl });
testOutOfMemory(onnxWasm);

describe('weights in a file beside the model', () => {
  const [model, weights] = ['small/model.onnx', 'small/model.onnx_data'];
  const variant: Variant = {
    name: 'small',
    runtime: 'onnx',
    dtype: 'fp32',
    files: [model, weights],
  };
  const tokens = { datatype: 'INT64', shape: [1, 2], data: BigInt64Array.of(3n, 17n) } as const;

  /** @param offset of the second of the two tensors, in four digits: 1280 as the fixture has it */
  async function load({ cutBytes = 4096, offset = '1280' } = {}) {
    const folder = '/packages/publisher/fixtures/external';
    const graph = new TextDecoder('latin1').decode(await fetchBytes(`${folder}/model.onnx`));
    const changed = Uint8Array.from(graph.replace(/(?<=offset\D*)1280/, offset), (byte) =>
      byte.charCodeAt(0),
    );
    const stored = await fetchBytes(`${folder}/model.onnx_data`);
    const whole = new Map([[weights, stored as VerifiedBytes]]);
    const given: Uint8Array[] = [];
    const [[name, file] = fail()] = inChunks(whole, cutBytes);
    const read = async (index: number) => {
      const chunk = await file.read(index);
      given.push(chunk);
      return chunk;
    };
    const request = {
      spec: EXTERNAL_SPEC,
      variant,
      files: new Map([[model, changed as VerifiedBytes]]),
      weights: new Map([[name, { ...file, read }]]),
    };
    return { request, stored: new Float32Array(stored.buffer), given };
  }

  /** The fixture's graph by hand: two rows of a 40 × 8 table, their mean, times an 8 × 5 matrix. */
  async function expectRight(
    request: SessionRequest,
    { stored, matrixAt = 320 }: { stored: Float32Array; matrixAt?: number },
  ) {
    const session = await onnxWasm.createSession(request);
    const { logits } = await session.run({ tokens });
    await session.release();
    const mean = Array.from(
      { length: 8 },
      (_, i) => (at(stored, 24 + i) + at(stored, 136 + i)) / 2,
    );
    for (let column = 0; column < 5; column += 1) {
      const expected = mean.reduce(
        (sum, value, row) => sum + value * at(stored, matrixAt + row * 5 + column),
        0,
      );
      expect(at(logits?.data as Float32Array, column)).toBeCloseTo(expected, 5);
    }
  }

  test('are found by the name the model gives them', async () => {
    const { request, stored } = await load();
    await expectRight(request, { stored });
  });

  test.each([1, 100, 1280, 1300])(
    'are read in chunks of %i bytes, each once, and each is freed',
    async (cutBytes) => {
      const { request, stored, given } = await load({ cutBytes });
      await expectRight(request, { stored });
      expect(given).toHaveLength(Math.ceil(1440 / cutBytes));
      for (const { buffer } of given) expect(buffer.byteLength).toBe(0);
    },
  );

  test('are read anew and kept where a tensor lies in what another has read', async () => {
    const { request, stored, given } = await load({ cutBytes: 100, offset: '0100' });
    await expectRight(request, { stored, matrixAt: 25 });
    expect(given).toHaveLength(2 * 15);
  });

  test('fail with a code where a tensor ends past the file, and where the file is not there', async () => {
    const beyond = await load({ offset: '1290' });
    const failed = { code: 'backend-failed', message: expect.stringContaining('Out of bounds') };
    await expect(onnxWasm.createSession(beyond.request)).rejects.toMatchObject(failed);
    const { request } = await load();
    const alone = { ...request, variant: { ...variant, files: [model] } };
    await expect(onnxWasm.createSession(alone)).rejects.toMatchObject({
      code: 'backend-failed',
      message: expect.stringContaining('model.onnx_data'),
    });
    await expectRight(request, { stored: (await load()).stored });
  });
});

function fail(): never {
  throw new Error('there is one file');
}

test('an axis that the variant pins is static: the same numbers, and no other length', async () => {
  const { cases, ...request } = await loadDigits('int8');
  const { inputs } = cases[0] as (typeof cases)[0];
  const pinned = { ...request.variant, dimensions: { batch: 1 } };
  const session = await onnxWasm.createSession({ ...request, variant: pinned });
  const free = await onnxWasm.createSession(request);
  const one = { pixel_values: firstItem(inputs.pixel_values) };
  expect((await session.run(one)).logits).toEqual((await free.run(one)).logits);
  const two = { datatype: 'FP32', shape: [2, 1, 28, 28], data: new Float32Array(1568) } as const;
  await expect(session.run({ pixel_values: two })).rejects.toMatchObject({
    code: 'backend-failed',
  });
  await free.run({ pixel_values: two });
  await Promise.all([session.release(), free.release()]);
});

test('an axis without a name is free: Silero v5 tells its tensors, and runs on a piece of sound', async () => {
  const silero = '/node_modules/@ricky0123/vad-web/dist/silero_vad_v5.onnx';
  const bytes = new Uint8Array(await (await fetch(silero)).arrayBuffer()) as VerifiedBytes;
  const session = await onnxWasm.createSession({
    spec: { inputs: [], outputs: [] },
    variant: { name: 'model', runtime: 'onnx', dtype: 'unknown', files: ['model.onnx'] },
    files: new Map([['model.onnx', bytes]]),
    weights: new Map(),
  });
  expect(session.tensors).toEqual({
    inputs: [
      { name: 'input', datatype: 'FP32', shape: [-1, -1] },
      { name: 'state', datatype: 'FP32', shape: [2, -1, 128] },
      { name: 'sr', datatype: 'INT64', shape: [] },
    ],
    outputs: [
      { name: 'output', datatype: 'FP32', shape: [-1, 1] },
      { name: 'stateN', datatype: 'FP32', shape: [-1, -1, -1] },
    ],
  });
  const { output } = await session.run({
    input: { datatype: 'FP32', shape: [1, 576], data: new Float32Array(576) },
    state: { datatype: 'FP32', shape: [2, 1, 128], data: new Float32Array(256) },
    sr: { datatype: 'INT64', shape: [], data: BigInt64Array.of(16000n) },
  });
  expect(at(output?.data as Float32Array, 0)).toBeLessThan(0.5); // silence is no speech
  await session.release();
});

function firstItem({ data }: Tensor): Tensor {
  return {
    datatype: 'FP32',
    shape: [1, 1, 28, 28],
    data: (data as Float32Array<ArrayBuffer>).slice(0, 784),
  };
}

function at(values: Float32Array, index: number): number {
  return values[index] ?? Number.NaN;
}

const EXTERNAL_SPEC = parseModelSpec({
  format: 1,
  name: 'external',
  version: '1.0.0',
  sequence: 1,
  task: 'tensors',
  inputs: [{ name: 'tokens', datatype: 'INT64', shape: [-1, -1] }],
  outputs: [{ name: 'logits', datatype: 'FP32', shape: [-1, 5] }],
  preprocessing: [],
  postprocessing: [],
  variants: [{ name: 'small', runtime: 'onnx', dtype: 'fp32', files: ['small/model.onnx'] }],
  limits: { memoryBytes: 1_000_000 },
});
