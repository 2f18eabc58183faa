import type { ModelSpec } from '@nearside/core';
import { expect, test } from 'vitest';
import { transferablesOf } from '../protocol.js';
import { refuseInput } from './refuse-input.js';
import { snapshotInput } from './snapshot-input.js';

const spec = {
  name: 'digits',
  task: 'image-classification',
  inputs: [{ name: 'pixel_values', datatype: 'FP32', shape: [-1, 1, 2, 2] }],
} as unknown as ModelSpec;

const tensors = (data = new Float32Array(4), shape = [1, 1, 2, 2]) => ({
  tensors: { pixel_values: { datatype: 'FP32' as const, shape, data } },
});
const snap = (input: unknown, transfer = false) =>
  snapshotInput(input as never, spec, { transfer, refuse: refuseInput });

test('the caller keeps its tensors, and may change them at once', async () => {
  const input = tensors();
  const taken = await snap(input);
  input.tensors.pixel_values.data.fill(9);
  expect(taken).toMatchObject({ tensors: { pixel_values: { data: new Float32Array(4) } } });
});

test('with transfer the caller’s own buffer is given away', async () => {
  const input = tensors();
  const taken = await snap(input, true);
  expect(transferablesOf(taken)).toEqual([input.tensors.pixel_values.data.buffer]);
});

test('tensors that do not fit say what was expected and what was got', async () => {
  await expect(snap(tensors(new Float32Array(4), [1, 1, 4, 1]))).rejects.toThrow(
    'expected shape [n, 1, 2, 2], got [1, 1, 4, 1]',
  );
  await expect(snap(tensors(new Float64Array(4) as never))).rejects.toThrow(
    'Float32Array, got Float64Array',
  );
  await expect(snap({ tensors: { pixels: tensors().tensors.pixel_values } })).rejects.toThrow(
    'only pixel_values, got pixels',
  );
});

test('buffers that were transferred away are input-detached', async () => {
  const gone = new Float32Array(4);
  structuredClone(gone.buffer, { transfer: [gone.buffer] });
  await expect(snap(tensors(gone))).rejects.toThrow(
    expect.objectContaining({ code: 'input-detached' }),
  );
  const pixels = { data: new Uint8ClampedArray(16), width: 2, height: 2 };
  structuredClone(pixels.data.buffer, { transfer: [pixels.data.buffer] });
  await expect(snap(pixels)).rejects.toMatchObject({ code: 'input-detached' });
});

test('what is no picture at all is input-invalid and named', async () => {
  for (const input of [null, undefined, 7, 'a string', {}, []]) {
    await expect(snap(input)).rejects.toMatchObject({ code: 'input-invalid' });
  }
});

test('shared memory cannot be given away, so it is copied even with transfer', async () => {
  const data = new Uint8ClampedArray(new SharedArrayBuffer(16)).fill(7);
  const taken = await snap({ data, width: 2, height: 2 }, true);
  data.fill(9);
  expect(taken).toMatchObject({ image: { data: new Uint8ClampedArray(16).fill(7) } });
  for (const buffer of transferablesOf(taken)) expect(buffer).toBeInstanceOf(ArrayBuffer);
});
