import { expect, test } from 'vitest';
import { type AnsweredCase, answeredGolden } from './answered-golden.js';
import { parseGolden } from './golden.js';
import type { Tensor, Tensors } from './tensor.js';

const VARIANT = { name: 'model', runtime: 'onnx', dtype: 'fp32', files: ['model.onnx'] } as const;
const OPTIONS = {
  variant: { ...VARIANT, files: [...VARIANT.files] },
  reference: 'onnxruntime-web',
};

const fp32 = (...values: number[]): Tensor => ({
  datatype: 'FP32',
  shape: [values.length],
  data: Float32Array.from(values),
});
const int64 = (...values: bigint[]): Tensor => ({
  datatype: 'INT64',
  shape: [values.length],
  data: BigInt64Array.from(values),
});

function answered(first: Tensors, second: Tensors = first): AnsweredCase {
  const inputs = { x: { datatype: 'FP32' as const, shape: [2], seed: 1 } };
  return { name: 'seeded', inputs, answers: [first, second] };
}

const judge = (...cases: AnsweredCase[]) => answeredGolden([{ name: '', cases }], OPTIONS);

test.each<[string, Tensors, Tensors?]>([
  ["output 'y' is another each time", { y: fp32(1, 2) }, { y: fp32(1, 2.5) }],
  ["output 'y' is another each time", { y: fp32(1, 2) }, { y: { ...fp32(1, 2), shape: [1, 2] } }],
  ["output 'y' is not finite", { y: fp32(1, Number.NaN) }],
  [
    "output 'y' is not finite",
    { y: { datatype: 'FP16', shape: [1], data: Uint16Array.of(0x7c00) } },
  ],
  ["zero everywhere would pass as output 'y'", { y: fp32(0, 0) }],
  ["zero everywhere would pass as output 'y'", { y: int64(0n, 0n) }],
  ["zero everywhere would pass as output 'y'", { y: fp32(5e-5, -9e-5) }],
  ["one number everywhere would pass as output 'y'", { y: fp32(1e-4, 2e-4) }],
  ["zero everywhere would pass as output 'z'", { y: fp32(1, 2), z: fp32(0) }],
  ["'y' is text", { y: { datatype: 'BYTES', shape: [1], data: ['a'] } }],
  ["'y' is empty", { y: { datatype: 'FP32', shape: [0, 4], data: new Float32Array() } }],
])('a case that cannot tell is left out: %s', (objection, first, second = first) => {
  const { golden, files, objections } = judge(answered(first, second));
  expect([golden, files.size, objections]).toEqual([undefined, 0, [`case 'seeded': ${objection}`]]);
});

test('of two cases the one that can tell is a golden case, with a tolerance by the largest of its values', () => {
  const own = { ...answered({ y: fp32(30, -45) }), name: 'first-run', inputs: { x: fp32(3, 4) } };
  const { golden, files, objections } = judge(answered({ y: fp32(0, 0) }), own);
  expect(parseGolden(golden)).toEqual({
    format: 1,
    reference: 'onnxruntime-web',
    cases: [
      {
        name: 'first-run',
        inputs: { x: { datatype: 'FP32', shape: [2], file: 'golden/answered-1.bin' } },
        expected: { model: { y: { datatype: 'FP32', shape: [2], file: 'golden/answered-0.bin' } } },
      },
    ],
    tolerance: { model: { abs: 0, rel: 0, outputs: { y: { abs: 5e-4, rel: 1e-3 } } } },
  });
  expect([...files.values()].map(({ buffer }) => [...new Float32Array(buffer)])).toEqual([
    [30, -45],
    [3, 4],
  ]);
  expect(objections).toEqual(["case 'seeded': zero everywhere would pass as output 'y'"]);
});

test('every stage needs a case, and its outputs are named after it', () => {
  const detect = { name: 'detect', cases: [answered({ boxes: fp32(1, 2) })] };
  const read = { name: 'read', cases: [answered({ text: fp32(3, 4) })] };
  const { golden } = answeredGolden([detect, read], OPTIONS);
  expect(golden?.cases.map(({ stage }) => stage)).toEqual(['detect', 'read']);
  expect(Object.keys(golden?.tolerance.model?.outputs ?? {})).toEqual([
    'detect/boxes',
    'read/text',
  ]);
  expect(answeredGolden([detect, { name: 'read', cases: [] }], OPTIONS).golden).toBeUndefined();
});
