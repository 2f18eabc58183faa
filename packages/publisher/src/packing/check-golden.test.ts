import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { pack } from '../library/pack.js';
import { editJson, prepare } from '../testing/model-to-pack.js';

/** Golden outputs of the variant `onnx`, by case, and the tolerance they are to be compared with. */
async function packGolden(
  cases: Readonly<Record<string, readonly number[]>>,
  {
    datatype = 'FP32',
    tolerance,
  }: { datatype?: keyof typeof ARRAYS; tolerance: { abs: number; rel: number } },
) {
  const { modelDirectory, out } = await prepare();
  await editJson(join(modelDirectory, 'model.json'), (spec) => {
    spec.variants.pop();
    spec.outputs = [{ name: 'y', datatype, shape: [-1] }];
  });
  for (const [name, values] of Object.entries(cases)) {
    await writeFile(join(modelDirectory, `golden/${name}.y.bin`), ARRAYS[datatype](values));
  }
  await editJson(join(modelDirectory, 'golden.json'), (golden) => {
    const [{ inputs }] = golden.cases;
    golden.tolerance = { onnx: tolerance };
    golden.cases = Object.entries(cases).map(([name, { length }]) => {
      const y = { datatype, shape: [length], file: `golden/${name}.y.bin` };
      return { name, inputs, expected: { onnx: { y } } };
    });
  });
  return pack({ modelDirectory, out });
}

/** Raw bytes; FP16 is given by its bits. */
const ARRAYS = {
  FP16: (bits: readonly number[]) => new Uint8Array(Uint16Array.from(bits).buffer),
  FP32: (values: readonly number[]) => new Uint8Array(Float32Array.from(values).buffer),
  FP64: (values: readonly number[]) => new Uint8Array(Float64Array.from(values).buffer),
  INT64: (values: readonly number[]) =>
    new Uint8Array(BigInt64Array.from(values.map((value) => BigInt(value))).buffer),
} as const;

describe('what the first case has to warm up with', () => {
  const x = { datatype: 'FP32', shape: [1, 4], seed: 1 };

  test.each([
    ['has the inputs of the spec', 0, { x }, undefined],
    ['is of the first case alone', 1, { x }, /warmUp in a stage's first case alone/],
    ['has every input', 0, {}, /case 'a', warmUp.*x/],
    ['has their datatypes', 0, { x: { ...x, datatype: 'INT8' } }, /warmUp, 'x'.*FP32.*INT8/],
    ['has their shapes', 0, { x: { ...x, shape: [1, 5] } }, /warmUp, 'x'.*shape.*\[1, 5\]/],
    [
      'is no larger than devices draw at once',
      0,
      { x: { ...x, shape: [2 ** 25, 4] } },
      /at most 16777216/,
    ],
    ['is drawn from a seed', 0, { x: { ...x, seed: 0 } }, /golden.json/],
  ] as const)('%s', async (_, at, warmUp, refusal) => {
    const { modelDirectory, out } = await prepare();
    await editJson(join(modelDirectory, 'golden.json'), (golden) => {
      const [first] = golden.cases;
      golden.cases = [
        { ...first, name: 'a' },
        { ...first, name: 'b' },
      ];
      golden.cases[at].warmUp = warmUp;
    });
    const packing = pack({ modelDirectory, out });
    if (refusal) await expect(packing).rejects.toThrow(refusal);
    else await packing;
  });
});

test('an input that a seed stands for is no larger than devices draw at once', async () => {
  const { modelDirectory, out } = await prepare();
  await editJson(join(modelDirectory, 'model.json'), (spec) => {
    spec.inputs[0].shape = [-1, 4];
  });
  await editJson(join(modelDirectory, 'golden.json'), ({ cases: [first] }) => {
    first.inputs.x = { datatype: 'FP32', shape: [2 ** 25, 4], seed: 1 };
  });
  await expect(pack({ modelDirectory, out })).rejects.toThrow(/inputs, 'x'.*at most 16777216/);
});

describe('golden outputs that are no finite numbers are refused', () => {
  test.each([
    ['FP16', [0x3c00, 0x7c00], 'Infinity'],
    ['FP16', [0x3c00, 0xfc00], '-Infinity'],
    ['FP16', [0x7e01, 0x3c00], 'NaN'],
    ['FP32', [1, Number.NaN], 'NaN'],
    ['FP32', [-Infinity, 1], '-Infinity'],
    ['FP64', [1, Infinity], 'Infinity'],
  ] as const)('%s %j: %s', async (datatype, values, got) => {
    const packing = packGolden({ one: values }, { datatype, tolerance: { abs: 1e-3, rel: 1e-3 } });
    await expect(packing).rejects.toMatchObject({
      code: 'model-invalid',
      message: `golden.json, case 'one', expected of 'onnx', 'y': expected finite numbers in golden/one.y.bin, got ${got}.`,
    });
  });

  test('half floats of every finite exponent are taken', async () => {
    const bits = Array.from({ length: 65_536 }, (_, pattern) => pattern);
    const finite = bits.filter(
      (pattern) => (pattern & 0x7c00) !== 0x7c00 && [0, 1, 0x155, 0x3ff].includes(pattern & 0x3ff),
    );
    await packGolden({ one: finite }, { datatype: 'FP16', tolerance: { abs: 1e-2, rel: 1e-2 } });
  });
});

describe('a tolerance that lets everything through is refused', () => {
  const one = 0x3c00; // as a half float
  test.each([
    ['zero, by rel', [3, -2], { abs: 0, rel: 1 }, 'FP32', 'zero'],
    ['zero, by rel, where zero is expected', [0, 0], { abs: 0, rel: 1.5 }, 'FP32', 'zero'],
    ['zero, by abs', [0.3, 0.2], { abs: 0.3, rel: 1e-3 }, 'FP64', 'zero'],
    ['zero, by both', [0.5, -1], { abs: 0.3, rel: 0.7 }, 'FP32', 'zero'],
    ['zero, of a single number', [0.25], { abs: 0.25, rel: 0 }, 'FP32', 'zero'],
    ['one number, by the whole spread', [5, 6], { abs: 1, rel: 0 }, 'FP32', 'one number'],
    ['one number, by half the spread', [0, 1], { abs: 0.5, rel: 0 }, 'FP32', 'one number'],
    ['zero, of half floats', [one, one | 0x8000], { abs: 1, rel: 0 }, 'FP16', 'zero'],
    ['one number, of whole numbers', [3, 4, 5], { abs: 1, rel: 0 }, 'INT64', 'one number'],
  ] as const)('%s: %j', async (_, values, tolerance, datatype, answer) => {
    await expect(packGolden({ one: values }, { datatype, tolerance })).rejects.toMatchObject({
      code: 'model-invalid',
      message: expect.stringMatching(
        new RegExp(`tolerance of 'onnx'.*output 'y'.*with which ${answer} everywhere.*case 'one'`),
      ),
      details: { variant: 'onnx', output: 'y', cases: ['one'], ...tolerance },
    });
  });

  test('of an infinite abs, as JSON can have it', async () => {
    const { modelDirectory, out } = await prepare();
    const file = join(modelDirectory, 'golden.json');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('"abs": 0.001', '"abs": 1e999'));
    await expect(pack({ modelDirectory, out })).rejects.toMatchObject({ code: 'model-invalid' });
  });

  test.each([
    [
      'zeros everywhere',
      { one: [0, 0], two: [0] },
      [expect.stringMatching(/variant 'onnx'.*0 every/)],
    ],
    ['zeros in one case', { one: [0, 0], two: [1] }, []],
  ])(
    '%s are no tolerance’s fault: a note says where they prove nothing',
    async (_, cases, notes) => {
      const packed = await packGolden(cases, { tolerance: { abs: 1e-3, rel: 1e-3 } });
      expect(packed.notes).toEqual(notes);
    },
  );

  test.each([
    ['zeros alone', { one: [0, 0] }, { abs: 1e-3, rel: 1e-3 }, 'FP32'],
    ['a single number', { one: [0.11] }, { abs: 1e-3, rel: 1e-3 }, 'FP32'],
    ['numbers that hardly differ', { one: [0.999, 1] }, { abs: 0.01, rel: 0 }, 'FP32'],
    ['cases that differ from each other', { one: [0], two: [1] }, { abs: 0.1, rel: 0 }, 'FP32'],
    ['whole numbers next to each other', { one: [3, 4] }, { abs: 0.5, rel: 0 }, 'INT64'],
  ] as const)('one is taken for %s', async (_, cases, tolerance, datatype) => {
    await packGolden(cases, { datatype, tolerance });
  });
});
