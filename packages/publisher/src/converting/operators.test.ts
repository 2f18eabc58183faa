import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { isNearsideError } from '@nearside/core';
import { afterAll, describe, expect, test } from 'vitest';
import { floats } from '../testing/floats.mjs';
import { type TestOperator, type TestTensor, tfliteBytes } from '../testing/tflite-bytes.js';
import { convertTflite } from './convert-tflite.js';
import { ELEMENT_OPERATORS } from './element-operators.js';
import { FlatBuffer } from './flat-buffer.js';
import { PICTURE_OPERATORS } from './picture-operators.js';
import { ROW_OPERATORS } from './row-operators.js';
import { SHAPE_OPERATORS } from './shape-operators.js';

const runtimes = new Worker(new URL('../testing/run-beside-lite-rt.mjs', import.meta.url));
afterAll(() => runtimes.terminate());

const [SAME, VALID] = [0, 1].map((int8) => ({ int8 })) as [{ int8: number }, { int8: number }];
const [RELU, RELU_N1_TO_1, RELU6] = [1, 2, 3].map((int8) => ({ int8 }));
const int = (int32: number) => ({ int32 });
const PICTURE = [1, 7, 6, 4];

interface Case extends Omit<TestOperator, 'inputs' | 'outputs'> {
  readonly inputs: readonly TestTensor[];
  /** Shape of what it gives. */
  readonly output: readonly number[];
}

/** A run is given its values. */
const given = (...shape: number[]): TestTensor => ({ shape });
const constant = (...shape: number[]): TestTensor => ({ shape, values: floats(shape) });
const integers = (...list: number[]): TestTensor => {
  return { shape: [list.length], values: Int32Array.from(list), type: 2 };
};
const unary = (code: number, shape = PICTURE): Case => {
  return { code, inputs: [given(...shape)], output: shape };
};

const CASES: Record<string, Case> = {
  'CONV_2D of stride 2, SAME': {
    code: 3,
    inputs: [given(...PICTURE), constant(5, 3, 3, 4), constant(5)],
    output: [1, 4, 3, 5],
    optionsType: 1,
    options: [SAME, int(2), int(2), RELU6],
  },
  'CONV_2D, dilated and VALID, of other strides': {
    code: 3,
    inputs: [given(1, 9, 8, 4), constant(5, 3, 2, 4), constant(5)],
    output: [1, 5, 3, 5],
    optionsType: 1,
    options: [VALID, int(2), int(1), undefined, int(2), int(2)],
  },
  'DEPTHWISE_CONV_2D of two filters a channel': {
    code: 4,
    inputs: [given(...PICTURE), constant(1, 3, 3, 8), constant(8)],
    output: [1, 4, 3, 8],
    optionsType: 2,
    options: [SAME, int(2), int(2), int(2), RELU],
  },
  'TRANSPOSE_CONV, SAME': {
    code: 67,
    inputs: [integers(1, 7, 6, 5), constant(5, 3, 3, 4), given(1, 4, 3, 4)],
    output: [1, 7, 6, 5],
    optionsType: 49,
    options: [SAME, int(2), int(2)],
  },
  'TRANSPOSE_CONV, VALID': {
    code: 67,
    inputs: [integers(1, 9, 7, 5), constant(5, 3, 3, 4), given(1, 4, 3, 4)],
    output: [1, 9, 7, 5],
    optionsType: 49,
    options: [VALID, int(2), int(2)],
  },
  'Convolution2DTransposeBias of MediaPipe': {
    code: 'Convolution2DTransposeBias',
    inputs: [given(...PICTURE), constant(3, 2, 2, 4), constant(3)],
    output: [1, 14, 12, 3],
    customOptions: new Uint8Array(Int32Array.of(1, 2, 2).buffer),
  },
  MAX_POOL_2D: {
    code: 17,
    inputs: [given(...PICTURE)],
    output: [1, 4, 3, 4],
    optionsType: 5,
    options: [SAME, int(2), int(2), int(3), int(3)],
  },
  'AVERAGE_POOL_2D at the edges': {
    code: 1,
    inputs: [given(...PICTURE)],
    output: [1, 4, 3, 4],
    optionsType: 5,
    options: [SAME, int(2), int(2), int(3), int(3), RELU],
  },
  'AVERAGE_POOL_2D of all': {
    code: 1,
    inputs: [given(...PICTURE)],
    output: [1, 1, 1, 4],
    optionsType: 5,
    options: [VALID, int(1), int(1), int(6), int(7)],
  },
  ...Object.fromEntries(
    [
      ['corners', 0, 0],
      ['aligned corners', 1, 0],
      ['half pixels', 0, 1],
    ].flatMap(([name, corners, halves]) => {
      const options = [{ int8: corners as number }, { int8: halves as number }];
      const resized = { inputs: [given(...PICTURE), integers(13, 9)], output: [1, 13, 9, 4] };
      const bilinear = { code: 23, optionsType: 15, options: [undefined, undefined, ...options] };
      return [
        [`RESIZE_BILINEAR, ${name}`, { ...resized, ...bilinear }],
        [`RESIZE_NEAREST_NEIGHBOR, ${name}`, { ...resized, code: 97, optionsType: 74, options }],
      ];
    }),
  ),
  SPACE_TO_DEPTH: {
    code: 26,
    inputs: [given(1, 4, 6, 3)],
    output: [1, 2, 3, 12],
    optionsType: 19,
    options: [int(2)],
  },
  DEPTH_TO_SPACE: {
    code: 5,
    inputs: [given(1, 2, 3, 12)],
    output: [1, 4, 6, 3],
    optionsType: 94,
    options: [int(2)],
  },
  'ADD of one value a channel': {
    code: 0,
    inputs: [given(...PICTURE), constant(4)],
    output: PICTURE,
    optionsType: 11,
    options: [RELU_N1_TO_1],
  },
  SUB: { code: 41, inputs: [given(...PICTURE), given(1, 1, 1, 4)], output: PICTURE },
  MUL: { code: 18, inputs: [given(...PICTURE), given(...PICTURE)], output: PICTURE },
  DIV: { code: 42, inputs: [constant(4), given(...PICTURE)], output: PICTURE },
  MAXIMUM: { code: 55, inputs: [given(...PICTURE), constant(4)], output: PICTURE },
  MINIMUM: { code: 57, inputs: [given(...PICTURE), constant(4)], output: PICTURE },
  POW: { code: 78, inputs: [given(3), constant(3)], output: [3] },
  PRELU: { code: 54, inputs: [given(...PICTURE), constant(1, 1, 4)], output: PICTURE },
  LEAKY_RELU: { ...unary(98), optionsType: 75, options: [{ float32: 0.2 }] },
  RELU: unary(19),
  RELU6: unary(21),
  RELU_N1_TO_1: unary(20),
  HARD_SWISH: unary(117),
  LOGISTIC: unary(14),
  TANH: unary(28),
  ELU: unary(111),
  ABS: unary(101),
  NEG: unary(59),
  EXP: unary(47),
  SQRT: unary(75),
  LOG: unary(73),
  SQUARE: unary(92),
  FLOOR: unary(8),
  CEIL: unary(104),
  ROUND: unary(116),
  SIN: unary(66),
  COS: unary(108),
  RESHAPE: { code: 22, inputs: [given(...PICTURE), integers(42, 4)], output: [42, 4] },
  SQUEEZE: { code: 43, inputs: [given(1, 3, 1, 4)], output: [3, 4], optionsType: 30, options: [] },
  EXPAND_DIMS: { code: 70, inputs: [given(3, 4), integers(1)], output: [3, 1, 4] },
  'CONCATENATION of the last axis': {
    code: 2,
    inputs: [given(1, 3, 2, 4), given(1, 3, 2, 1)],
    output: [1, 3, 2, 5],
    optionsType: 10,
    options: [int(-1)],
  },
  PAD: {
    code: 34,
    inputs: [given(...PICTURE), { ...integers(0, 0, 1, 2, 0, 3, 4, 0), shape: [4, 2] }],
    output: [1, 10, 9, 8],
  },
  PADV2: {
    code: 60,
    inputs: [given(3, 4), { ...integers(1, 0, 0, 2), shape: [2, 2] }, constant()],
    output: [4, 6],
  },
  'MEAN of pictures': {
    code: 40,
    inputs: [given(...PICTURE), integers(1, 2)],
    output: [1, 4],
    optionsType: 27,
    options: [],
  },
  'MEAN that keeps its axes': {
    code: 40,
    inputs: [given(...PICTURE), integers(2, 1)],
    output: [1, 1, 1, 4],
    optionsType: 27,
    options: [{ int8: 1 }],
  },
  REDUCE_MAX: {
    code: 82,
    inputs: [given(...PICTURE), integers(-1)],
    output: [1, 7, 6],
    optionsType: 27,
    options: [],
  },
  TRANSPOSE: { code: 39, inputs: [given(2, 3, 4), integers(2, 0, 1)], output: [4, 2, 3] },
  SOFTMAX: { ...unary(25, [2, 5]), optionsType: 9, options: [{ float32: 2 }] },
  'SOFTMAX whose beta is left out, which is 0': {
    ...unary(25, [2, 5]),
    optionsType: 9,
    options: [],
  },
  'FULLY_CONNECTED of a picture': {
    code: 9,
    inputs: [given(1, 2, 3, 4), constant(5, 24), constant(5)],
    output: [1, 5],
    optionsType: 8,
    options: [RELU],
  },
  'FULLY_CONNECTED that keeps its axes, without a bias': {
    code: 9,
    inputs: [given(2, 3, 4), constant(5, 4)],
    output: [2, 3, 5],
    optionsType: 8,
    options: [{ int8: 0 }, { int8: 0 }, { int8: 1 }],
  },
};

/** All of them in one file. A pool of single pixels before it has an operator compute channel after channel. */
function modelOf(cases: Record<string, Case>, { isPooled }: { readonly isPooled: boolean }) {
  const tensors: TestTensor[] = [];
  const operators: TestOperator[] = [];
  const inputs: number[] = [];
  const add = (tensor: TestTensor) => tensors.push(tensor) - 1;
  const addInput = (tensor: TestTensor) => {
    const place = add(tensor);
    if (tensor.values) return place;
    inputs.push(place);
    if (!isPooled || tensor.shape.length !== 4) return place;
    const pooled = add({ shape: tensor.shape });
    operators.push({ ...POOL, inputs: [place], outputs: [pooled] });
    return pooled;
  };
  for (const [name, { inputs: read, output, ...operator }] of Object.entries(cases)) {
    const places = read.map(addInput);
    operators.push({ ...operator, inputs: places, outputs: [add({ name, shape: output })] });
  }
  const outputs = tensors.flatMap(({ name }, place) => (name === undefined ? [] : [place]));
  return tfliteBytes({ tensors, operators, inputs, outputs });
}

const POOL = { code: 17, optionsType: 5, options: [VALID, int(1), int(1), int(1), int(1)] };

const models = {
  'pixel after pixel': modelOf(CASES, { isPooled: false }),
  'channel after channel': modelOf(CASES, { isPooled: true }),
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

describe('a damaged file', () => {
  const bytes = models['channel after channel'];

  test('is refused wherever it is cut', () => {
    for (let part = 0; part < 50; part++) {
      const cut = bytes.subarray(0, Math.floor((bytes.length * part) / 50));
      expect(() => convertTflite(cut), `${cut.length} bytes`).toThrow(
        expect.objectContaining({ code: 'model-invalid' }),
      );
    }
  });

  test('is a model or refused with a code, whichever byte is another', () => {
    let seed = 1;
    const random = (below: number) => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % below;
    };
    for (let round = 0; round < 60; round++) {
      const damaged = Buffer.from(bytes);
      const [place, value] = [random(bytes.length), random(256)];
      damaged[place] = value;
      try {
        convertTflite(damaged);
      } catch (error) {
        const code = isNearsideError(error) && error.code;
        expect(code, `byte ${place} is ${value}: ${error}`).toBe('model-invalid');
      }
    }
  });

  test('whose tables are all the same one is refused before it is read over and over', () => {
    const [fields, root, list] = [8, 16, 24];
    const count = 10_000;
    const shared = list + 4 + 4 * count;
    const file = Buffer.alloc(shared + 12 + 4 * count);
    for (const [i, size] of [6, 8, 4].entries()) file.writeUInt16LE(size, fields + 2 * i);
    for (const [table, to] of [
      [root, list],
      [shared, shared + 8],
    ] as const) {
      file.writeInt32LE(table - fields, table);
      file.writeUInt32LE(to - table - 4, table + 4);
      file.writeUInt32LE(count, to);
    }
    file.writeUInt32LE(root, 0);
    for (let at = list + 4; at < shared; at += 4) file.writeUInt32LE(shared - at, at);
    const tables = new FlatBuffer(file).root().tables(0);
    expect(tables).toHaveLength(count);
    expect(() => tables.map((table) => table.numbers(0, 'int32'))).toThrow(
      'Expected a TFLite model whose parts each have bytes of their own',
    );
  });
});

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
