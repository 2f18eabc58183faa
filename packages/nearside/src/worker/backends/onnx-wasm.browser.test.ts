import type { VerifiedBytes } from '@nearside/artifact';
import { parseModelSpec, type Tensor } from '@nearside/core';
import { expect, test } from 'vitest';
import { describeBackend } from '../../testing/backend-conformance.js';
import { loadDigits } from '../../testing/load-digits.js';
import { testOutOfMemory } from '../../testing/out-of-memory-conformance.js';
import { onnxWasm } from './onnx-wasm.js';

const wasmUrl = new URL(
  '../../../../../node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm',
  import.meta.url,
).href;

describeBackend(onnxWasm, { variant: 'int8', wasmUrl });
testOutOfMemory(onnxWasm);

test('weights in a file beside the model are found by the name the model gives them', async () => {
  const folder = '/packages/publisher/fixtures/external';
  const load = async (name: string) => {
    const response = await fetch(`${folder}/${name}`);
    return new Uint8Array(await response.arrayBuffer()) as VerifiedBytes;
  };
  const names = ['small/model.onnx', 'small/model.onnx_data'];
  const files = new Map([
    ['small/model.onnx', await load('model.onnx')],
    ['small/model.onnx_data', await load('model.onnx_data')],
  ]);
  const session = await onnxWasm.createSession({
    spec: EXTERNAL_SPEC,
    variant: { name: 'small', runtime: 'onnx', dtype: 'fp32', files: names },
    files,
  });
  const tokens = { datatype: 'INT64', shape: [1, 2], data: BigInt64Array.of(3n, 17n) } as const;
  const { logits } = await session.run({ tokens });

  // The fixture's graph by hand: two rows of a 40 × 8 table, their mean, times an 8 × 5 matrix.
  const stored = new Float32Array(files.get('small/model.onnx_data')?.slice().buffer ?? []);
  const mean = Array.from({ length: 8 }, (_, i) => (at(stored, 24 + i) + at(stored, 136 + i)) / 2);
  const expected = Array.from({ length: 5 }, (_, column) =>
    mean.reduce((sum, value, row) => sum + value * at(stored, 320 + row * 5 + column), 0),
  );
  for (const [i, value] of expected.entries()) {
    expect(at(logits?.data as Float32Array, i)).toBeCloseTo(value, 5);
  }
  await session.release();
});

test('an axis that the variant pins is static: the same numbers, and no other length', async () => {
  const { spec, variant, files, cases } = await loadDigits('int8');
  const { inputs } = cases[0] as (typeof cases)[0];
  const pinned = { ...variant, dimensions: { batch: 1 } };
  const session = await onnxWasm.createSession({ spec, variant: pinned, files });
  const free = await onnxWasm.createSession({ spec, variant, files });
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
