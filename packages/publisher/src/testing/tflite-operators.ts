import { floats } from './floats.mjs';
import { type TestOperator, type TestTensor, tfliteBytes } from './tflite-bytes.js';

const [SAME, VALID] = [0, 1].map((int8) => ({ int8 })) as [{ int8: number }, { int8: number }];
const [RELU, RELU_N1_TO_1, RELU6] = [1, 2, 3].map((int8) => ({ int8 }));
export const int = (int32: number) => ({ int32 });
const PICTURE = [1, 7, 6, 4];

interface Case extends Omit<TestOperator, 'inputs' | 'outputs'> {
  readonly inputs: readonly TestTensor[];
  /** Shape of what it gives. */
  readonly output: readonly number[];
}

/** A run is given its values. */
export const given = (...shape: number[]): TestTensor => ({ shape });
const constant = (...shape: number[]): TestTensor => ({ shape, values: floats(shape) });
const integers = (...list: number[]): TestTensor => {
  return { shape: [list.length], values: Int32Array.from(list), type: 2 };
};
const unary = (code: number, shape = PICTURE): Case => {
  return { code, inputs: [given(...shape)], output: shape };
};

/** A file of one operator each: what it reads and gives. */
export const CASES: Record<string, Case> = {
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

/** All operators in one file. A pool of single pixels before it has an operator compute channel after channel. */
export function modelOf({ isPooled }: { readonly isPooled: boolean }): Buffer {
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
  for (const [name, { inputs: read, output, ...operator }] of Object.entries(CASES)) {
    const places = read.map(addInput);
    operators.push({ ...operator, inputs: places, outputs: [add({ name, shape: output })] });
  }
  const outputs = tensors.flatMap(({ name }, place) => (name === undefined ? [] : [place]));
  return tfliteBytes({ tensors, operators, inputs, outputs });
}

/** A pool of single pixels, which changes nothing. */
export const POOL = { code: 17, optionsType: 5, options: [VALID, int(1), int(1), int(1), int(1)] };
