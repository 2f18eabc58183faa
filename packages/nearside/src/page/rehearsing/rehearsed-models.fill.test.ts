import { type GraphPart, type WeightCut, writeGraphFile } from '@nearside/artifact';
import { float16ToNumber } from '@nearside/core';
import { expect, test } from 'vitest';
import { fillVariant, fillWeights } from './rehearsed-models.js';

async function fill(cuts: readonly WeightCut[], kept: Uint8Array<ArrayBuffer> = new Uint8Array()) {
  const part: GraphPart = { name: 'model.onnx', kept, cuts };
  const { 'model.onnx': file } = await fillWeights([part], 1);
  return (file as Blob).arrayBuffer();
}

test('numbers have the mean, the deviation and the edges of what was cut out', async () => {
  const values = new Float32Array(await fill([[0, 200_000, 'FP32', 0.25, 0.1, 0, 0.4]]));
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const square = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  expect(values).toHaveLength(200_000);
  expect(mean).toBeCloseTo(0.25, 2);
  expect(Math.sqrt(square)).toBeCloseTo(0.1, 2);
  expect(Math.min(...values.subarray(0, 65_536))).toBeGreaterThanOrEqual(0);
  expect(Math.max(...values.subarray(0, 65_536))).toBeLessThanOrEqual(Math.fround(0.4));
});

test('a graph file that says more of a file than the layout does is refused before anything is made up', async () => {
  const name = 'model.onnx';
  const cuts: WeightCut[] = [[0, 600_000_000, 'FP32', 0, 1, -1, 1]];
  const graph = writeGraphFile([{ name, kept: new Uint8Array(), cuts }]);
  const variant = { name: 'fp32', runtime: 'onnx' as const, dtype: 'fp32', files: [name] };
  const spec = { name: 'liar', inputs: [], outputs: [], variants: [variant], limits: {} };
  const published = {
    spec: spec as never,
    golden: undefined,
    files: new Map([['graph/fp32.graph', graph]]),
  };
  for (const fileBytes of [{ [name]: 1000 }, {}] as Record<string, number>[]) {
    const filling = fillVariant(variant, { ...published, fileBytes }, 4e9);
    await expect(filling).rejects.toMatchObject({
      code: 'metadata-malformed',
      message: expect.stringMatching(/graph\/fp32\.graph: expected model\.onnx.*got 2400000000/),
    });
  }
  const part = { name, kept: Uint8Array.of(1), cuts: [] };
  const twice = new Map([['graph/fp32.graph', writeGraphFile([part, part])]]);
  const filling = fillVariant(
    variant,
    { ...published, files: twice, fileBytes: { [name]: 1 } },
    4e9,
  );
  await expect(filling).rejects.toThrow(/to have 1 bytes.*got 2/);
  const honest = { ...published, fileBytes: { [name]: 2_400_000_000 } };
  await expect(fillVariant(variant, honest, 1e9)).rejects.toMatchObject({ code: 'out-of-memory' });
});

test('what is left stays where it was, around what is filled in', async () => {
  const bytes = new Uint8Array(
    await fill(
      [
        [2, 3, 'UINT8', 7],
        [1, 1, 'INT16', -2],
      ],
      Uint8Array.of(1, 2, 3, 4),
    ),
  );
  expect([...bytes]).toEqual([1, 2, 7, 7, 7, 3, 0xfe, 0xff, 4]);
});

test('the same seed gives the same numbers, and another one others', async () => {
  const part: GraphPart = {
    name: 'w',
    kept: new Uint8Array(),
    cuts: [[0, 100, 'FP32', 0, 1, -2, 2]],
  };
  const bytesOf = async (seed: number) =>
    new Uint8Array(await ((await fillWeights([part], seed)).w as Blob).arrayBuffer());
  expect(await bytesOf(1)).toEqual(await bytesOf(1));
  expect(await bytesOf(2)).not.toEqual(await bytesOf(1));
});

test('integers are whole and within their edges: indices stay ones', async () => {
  const wide = new BigInt64Array(await fill([[0, 1000, 'INT64', 5, 3, 0, 9]]));
  expect(wide.every((value) => value >= 0n && value <= 9n)).toBe(true);
  expect(new Set(wide).size).toBeGreaterThan(5);
  const narrow = new Int8Array(await fill([[0, 1000, 'INT8', -3, 40, -64, 64]]));
  expect(narrow.every((value) => value >= -64 && value <= 64)).toBe(true);
});

test('half floats are normal numbers, or zero', async () => {
  const bits = new Uint16Array(await fill([[0, 5000, 'FP16', 0, 0.02, -0.03, 0.03]]));
  const values = [...bits].map(float16ToNumber);
  expect(values.every((value) => Math.abs(value) <= 0.03)).toBe(true);
  expect(values.every((value) => value === 0 || Math.abs(value) >= 2 ** -14)).toBe(true);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  expect(Math.abs(mean)).toBeLessThan(0.002);
});

test('a tensor that is repeated has every element', async () => {
  expect((await fill([[0, 200_001, 'FP32', 0, 1, -2, 2]])).byteLength).toBe(800_004);
});
