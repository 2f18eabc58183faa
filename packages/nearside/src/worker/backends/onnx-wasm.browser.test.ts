import type { VerifiedBytes } from '@nearside/artifact';
import type { Tensor } from '@nearside/core';
import { describe, expect, test } from 'vitest';
import { describeBackend } from '../../testing/backend-conformance.js';
import { EXTERNAL_VARIANT, expectRightFrom, loadExternal } from '../../testing/external-weights.js';
import { loadDigits } from '../../testing/load-digits.js';
import { testOutOfMemory } from '../../testing/out-of-memory-conformance.js';
import { onnxWasm } from './onnx-wasm.js';

const wasmUrl = new URL(
  '../../../../../node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm',
  import.meta.url,
).href;

describeBackend(onnxWasm, { variant: 'int8', wasmUrl });
testOutOfMemory(onnxWasm);

describe('weights in a file beside the model', () => {
  test('are found by the name the model gives them', async () => {
    const { request, stored } = await loadExternal();
    await expectRightFrom(onnxWasm.createSession, request, { stored });
  });

  test.each([1, 100, 1280, 1300])(
    'are read in chunks of %i bytes, each once, and each is freed',
    async (cutBytes) => {
      const { request, stored, given } = await loadExternal({ cutBytes });
      await expectRightFrom(onnxWasm.createSession, request, { stored });
      expect(given).toHaveLength(Math.ceil(1440 / cutBytes));
      for (const { buffer } of given) expect(buffer.byteLength).toBe(0);
    },
  );

  test('are read anew and kept where a tensor lies in what another has read', async () => {
    const { request, stored, given } = await loadExternal({ cutBytes: 100, offset: '0100' });
    await expectRightFrom(onnxWasm.createSession, request, { stored, matrixAt: 25 });
    expect(given).toHaveLength(2 * 15);
  });

  test('fail with a code where a tensor ends past the file, and where the file is not there', async () => {
    const beyond = await loadExternal({ offset: '1290' });
    const failed = { code: 'backend-failed', message: expect.stringContaining('Out of bounds') };
    await expect(onnxWasm.createSession(beyond.request)).rejects.toMatchObject(failed);
    const { request } = await loadExternal();
    const alone = {
      ...request,
      variant: { ...EXTERNAL_VARIANT, files: EXTERNAL_VARIANT.files.slice(0, 1) },
    };
    await expect(onnxWasm.createSession(alone)).rejects.toMatchObject({
      code: 'file-missing',
      message: expect.stringContaining('model.onnx_data'),
    });
    await expectRightFrom(onnxWasm.createSession, request, {
      stored: (await loadExternal()).stored,
    });
  });
});

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
