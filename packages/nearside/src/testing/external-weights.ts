import type { VerifiedBytes } from '@nearside/artifact';
import { parseModelSpec, type Variant } from '@nearside/core';
import { expect } from 'vitest';
import type { Backend, SessionRequest } from '../worker/backends/backend.js';
import { fetchBytes, inChunks } from './load-digits.js';

const [MODEL, WEIGHTS] = ['small/model.onnx', 'small/model.onnx_data'];

/** Whose weights, 1440 bytes, are in a file beside it. */
export const EXTERNAL_VARIANT: Variant = {
  name: 'small',
  runtime: 'onnx',
  dtype: 'fp32',
  files: [MODEL, WEIGHTS],
};

/** @param offset of the second of the two tensors, in four digits: 1280 as the fixture has it */
export async function loadExternal({ cutBytes = 4096, offset = '1280' } = {}) {
  const folder = '/packages/publisher/fixtures/external';
  const graph = new TextDecoder('latin1').decode(await fetchBytes(`${folder}/model.onnx`));
  const changed = Uint8Array.from(graph.replace(/(?<=offset\D*)1280/, offset), (byte) =>
    byte.charCodeAt(0),
  );
  const stored = await fetchBytes(`${folder}/model.onnx_data`);
  const whole = new Map([[WEIGHTS, stored as VerifiedBytes]]);
  const given: Uint8Array[] = [];
  const [[name, file] = fail()] = inChunks(whole, cutBytes);
  const read = async (index: number) => {
    const chunk = await file.read(index);
    given.push(chunk);
    return chunk;
  };
  const request = {
    spec: EXTERNAL_SPEC,
    variant: EXTERNAL_VARIANT,
    files: new Map([[MODEL, changed as VerifiedBytes]]),
    weights: new Map([[name, { ...file, read }]]),
  };
  return { request, stored: new Float32Array(stored.buffer), given };
}

/** The fixture's graph by hand: two rows of a 40 × 8 table, their mean, times an 8 × 5 matrix. */
export async function expectRightFrom(
  create: Backend['createSession'],
  request: SessionRequest,
  { stored, matrixAt = 320 }: { stored: Float32Array; matrixAt?: number },
) {
  const tokens = { datatype: 'INT64', shape: [1, 2], data: BigInt64Array.of(3n, 17n) } as const;
  const session = await create(request);
  const { logits } = await session.run({ tokens });
  await session.release();
  const mean = Array.from({ length: 8 }, (_, i) => (at(stored, 24 + i) + at(stored, 136 + i)) / 2);
  for (let column = 0; column < 5; column += 1) {
    const expected = mean.reduce(
      (sum, value, row) => sum + value * at(stored, matrixAt + row * 5 + column),
      0,
    );
    expect(at(logits?.data as Float32Array, column)).toBeCloseTo(expected, 5);
  }
}

function fail(): never {
  throw new Error('there is one file');
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
