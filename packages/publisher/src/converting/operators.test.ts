import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, test } from 'vitest';
import { floats } from '../testing/floats.mjs';
import { type TestOperator, type TestTensor, tfliteBytes } from '../testing/tflite-bytes.js';
import { CASES, given, int, modelOf, POOL } from '../testing/tflite-operators.js';
import { convertTflite } from './convert-tflite.js';
import { ELEMENT_OPERATORS } from './element-operators.js';
import { PICTURE_OPERATORS } from './picture-operators.js';
import { ROW_OPERATORS } from './row-operators.js';
import { SHAPE_OPERATORS } from './shape-operators.js';

const runtimes = new Worker(new URL('../testing/run-beside-lite-rt.mjs', import.meta.url));
afterAll(() => runtimes.terminate());

const models = {
  'pixel after pixel': modelOf({ isPooled: false }),
  'channel after channel': modelOf({ isPooled: true }),
};

describe.each(Object.entries(models))('%s', async (_, bytes) => {
  const { computed, judged } = await runBoth(bytes);

  test.each(Object.keys(CASES))('%s gives what LiteRT gives', (name) => {
    const expected = judged.find((output) => output.name === name);
    expect(computed[name]?.shape).toEqual(expected?.shape);
    const isNear = (number: number, i: number) => {
      const other = expected?.data[i] as number;
      return (
        Object.is(number, other) || Math.abs(number - other) < 1e-4 * Math.max(1, Math.abs(other))
      );
    };
    expect([...numbersOf(computed[name])].filter((number, i) => !isNear(number, i))).toEqual([]);
  });
});

interface Output {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Runs the file in LiteRT and what is made of it in ONNX Runtime, on the same numbers. */
async function runBoth(tflite: Uint8Array) {
  const answer = once(runtimes, 'message');
  runtimes.postMessage({ tflite, onnx: convertTflite(tflite) });
  const [both] = await answer;
  return both as {
    readonly computed: Readonly<Record<string, Output>>;
    readonly judged: readonly (Output & { readonly name: string })[];
  };
}

test('weights in integers are what their scales make of them, along any axis', async () => {
  const values = Int8Array.of(-127, 4, 9, 100, 127, -8);
  const bytes = tfliteBytes({
    tensors: [
      given(2, 3),
      { shape: [2, 3], values, type: 9, scales: [0.1, 0.02, 0.3], scaledAxis: 1 },
      given(2, 3),
      { shape: [2, 3], name: 'sum' },
      given(1, 1, 2, 3),
      given(1, 1, 2, 3),
      { shape: [1, 1, 2, 3], name: 'of pictures' },
    ],
    operators: [
      { code: 6, version: 5, inputs: [1], outputs: [2] },
      { code: 0, inputs: [0, 2], outputs: [3] },
      { ...POOL, inputs: [4], outputs: [5] },
      { code: 0, inputs: [5, 2], outputs: [6] },
    ],
    inputs: [0, 4],
    outputs: [3, 6],
  });
  const { computed, judged } = await runBoth(bytes);
  for (const { name, data } of judged) {
    for (const [i, sum] of numbersOf(computed[name]).entries())
      expect(sum).toBeCloseTo(data[i] as number, 5);
  }
});

test('floats of integers have their shape, or the file is refused', () => {
  const integers = { shape: [2, 3], values: new Int8Array(6), type: 9, scales: [0.1] };
  const bytes = tfliteBytes({
    tensors: [integers, given(2 ** 15, 2 ** 15)],
    operators: [{ code: 6, inputs: [0], outputs: [1] }],
    inputs: [],
    outputs: [1],
  });
  expect(() => convertTflite(bytes)).toThrow(
    "Operator 0 (DEQUANTIZE): expected 'tensor 1' of shape [2,3], got [32768,32768].",
  );
});

describe('a file with an operator that has no counterpart', () => {
  const refused = (operator: Partial<TestOperator>, tensor: Partial<TestTensor> = {}) => {
    const tensors = [given(1, 4), { ...given(1, 4), ...tensor }];
    const last = { code: 28, inputs: [0], outputs: [1], ...operator };
    return () =>
      convertTflite(tfliteBytes({ tensors, operators: [last], inputs: [0], outputs: [1] }));
  };

  test('is refused, and the operator named with its place', () => {
    expect(refused({ code: 48 })).toThrow(
      'Operator 0: expected one that can be written as ONNX, got TOPK_V2.',
    );
    expect(refused({ code: 'Their own' })).toThrow('got Their own.');
    expect(refused({ code: 126 })).toThrow('got BATCH_MATMUL.');
  });

  test('is refused where what is no picture is to be one', () => {
    const blocks = { code: 5, optionsType: 94, options: [int(2)] };
    expect(refused(blocks)).toThrow(
      "Operator 0 (DEPTH_TO_SPACE): expected 'tensor 0' of 4 axes, got [1,4].",
    );
    const constant = { shape: [1, 1, 1, 1, 4], values: floats([4]) };
    expect(refused({ ...blocks, inputs: [1], outputs: [0] }, constant)).toThrow(
      "expected 'tensor 1' of 4 axes, got [1,1,1,1,4].",
    );
  });

  test('is refused where it computes in integers', () => {
    expect(refused({}, { type: 9, scales: [0.1] })).toThrow(
      "Operator 0 (TANH): expected floats as 'tensor 1', got INT8.",
    );
  });

  test('is refused where it reads what nothing makes, or itself', () => {
    expect(refused({ inputs: [1] })).toThrow("expected 'tensor 1' from an operator before it");
    expect(refused({ inputs: [7] })).toThrow(
      'Operator 0 (TANH): expected one of 2 tensors, got number 7.',
    );
    expect(refused({ inputs: [] })).toThrow(
      'Operator 0 (TANH): expected an input 0, got 0 inputs.',
    );
    expect(refused({ outputs: [0] })).toThrow(
      "expected 'tensor 0' from one operator, got it from two.",
    );
  });
});

function numbersOf(tensor: { data: unknown } | undefined): Float32Array {
  return tensor?.data as Float32Array;
}

test('docs/packing.md lists the operators', async () => {
  const docs = await readFile(new URL('../../../../docs/packing.md', import.meta.url), 'utf8');
  const [, list = ''] = /^- Operators: (.*?)\.\n$/ms.exec(docs) ?? [];
  const listed = [...list.matchAll(/`(\w+)`/g)].map(([, name]) => name);
  const tables = {
    ...PICTURE_OPERATORS,
    ...ELEMENT_OPERATORS,
    ...ROW_OPERATORS,
    ...SHAPE_OPERATORS,
  };
  expect(listed.sort()).toEqual(Object.keys(tables).sort());
});
